import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Something that the user can put right; its message suffices. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Refuses early what could not be written after minutes of measuring. */
export function requireFolder(option: string, file: string | undefined): void {
  if (file === undefined || existsSync(dirname(resolve(file)))) return;
  throw new UsageError(`${option} ${file}: there is no folder ${dirname(file)}`);
}

/** Whole or not at all: a report that is being read must not be half a report. */
export function writeWhole(file: string, content: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, file);
}

/** A report as JSON. */
export function writeReport(file: string, report: object): void {
  writeWhole(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** Writes a report into a file as it grows; without a file, nowhere. */
export function reportSaver(file: string | undefined): (report: object) => void {
  return (report) => {
    if (file !== undefined) writeReport(file, report);
  };
}

/**
 * What a JSON file holds.
 *
 * @throws {UsageError} naming the file, if it cannot be read or is no JSON
 */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
