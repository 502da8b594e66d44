// Tables and sections that several reports have.

import type { ReportSection, ReportTable } from "./report.ts";

/** Files that were named before it is only told how many there are more. */
const MOST_FAILURES = 50;

/** A file that nothing could be computed of. */
export interface FailedFile {
  readonly file: string;
  readonly error: string;
}

/** A table whose first row is its head. */
export function tableOf([columns = [], ...rows]: readonly string[][]): ReportTable {
  return { columns, rows };
}

/** Rows as columns: with one line for each measure, a telephone shows a table whole. */
export function transposed(rows: readonly (readonly string[])[]): string[][] {
  return (rows[0] ?? []).map((_, x) => rows.map((row) => row[x] ?? ""));
}

/** Files that could not be judged; null if there are none. */
export function failureSection(failures: readonly FailedFile[]): ReportSection | null {
  if (failures.length === 0) return null;
  const more = failures.length - MOST_FAILURES;
  return {
    title: "Left out",
    paragraphs: ["Files that could not be judged; no number counts them."],
    tables: [
      {
        columns: ["file", "problem"],
        rows: failures.slice(0, MOST_FAILURES).map(({ file, error }) => [file, error]),
      },
    ],
    ...(more > 0 ? { notes: [`And ${more} more.`] } : {}),
  };
}
