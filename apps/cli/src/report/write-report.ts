import path from "node:path";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError } from "../session/files.ts";
import { renderReport } from "./html.ts";
import type { Report } from "./report.ts";

/** Writes `report.html` into a folder. @throws {FileError} if the disk refuses */
export async function writeReport(folder: string, report: Report): Promise<void> {
  const file = path.join(folder, "report.html");
  try {
    await writeFileAtomic(file, renderReport(report));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}
