/*
 * metrics.jsonl, written as it happens. A run that resumes cuts off what its checkpoint does not
 * know; what it does again, it writes again.
 */
import { appendFile, readFile } from "node:fs/promises";
import path from "node:path";
import { formatMetricsRow, type MetricsRow, parseMetricsLog, rowsUntil } from "@fauxgrad/training";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError } from "../session/files.ts";
import { systemCode } from "../terminal/errors.ts";

/** The log of a run. */
export class RunLog {
  readonly file: string;
  readonly #rows: MetricsRow[];

  private constructor(file: string, rows: MetricsRow[]) {
    this.file = file;
    this.#rows = rows;
  }

  /**
   * Opens the log of a run that has done `step` steps and finished `epochs` epochs.
   *
   * @throws {FileError} if the file cannot be read or written
   */
  static async open(out: string, step: number, epochs: number): Promise<RunLog> {
    const file = path.join(out, "metrics.jsonl");
    try {
      const text = step === 0 ? "" : await readText(file);
      const rows = rowsUntil(parseMetricsLog(text).rows, step).filter(
        ({ kind, epoch }) => kind === "step" || epoch < epochs,
      );
      await writeFileAtomic(file, rows.map(formatMetricsRow).join(""));
      return new RunLog(file, rows);
    } catch (cause) {
      throw fileError("open", file, cause);
    }
  }

  get rows(): readonly MetricsRow[] {
    return this.#rows;
  }

  /** @throws {FileError} if the disk refuses */
  async add(...rows: readonly MetricsRow[]): Promise<void> {
    this.#rows.push(...rows);
    try {
      await appendFile(this.file, rows.map(formatMetricsRow).join(""));
    } catch (cause) {
      throw fileError("write", this.file, cause);
    }
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return "";
    throw cause;
  }
}
