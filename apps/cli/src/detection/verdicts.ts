// What the detect commands print: one verdict a file, as columns, CSV or JSON.

import { ImageError } from "../io/image-error.ts";
import { csvText } from "../terminal/csv.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { columns, note, print, printJson } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";

/** What became of one file; the numbers are null where there is an error. */
export type Verdict<Score extends string> = {
  readonly file: string;
  readonly probability: number | null;
  readonly verdict: "real" | "fake" | null;
  readonly error: string | null;
} & { readonly [name in Score]: number | null };

/** How they are printed. */
export interface VerdictFormat {
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** @throws {CommandLineError} if two forms are wanted */
export function checkFormat({ csv, json }: VerdictFormat): void {
  if (csv !== true || json !== true) return;
  throw new CommandLineError("--csv and --json are two forms of one result\nPass one of them.");
}

/** Of a file that could not be judged. */
export function failedVerdict<Score extends string>(
  file: string,
  problem: Error | string,
  score: Score,
): Verdict<Score> {
  const nothing = { file, probability: null, [score]: null, verdict: null };
  return { ...nothing, error: problemOf(problem) } as Verdict<Score>;
}

/** Without the file's name, which stands beside it. */
function problemOf(problem: Error | string): string {
  if (typeof problem === "string") return problem;
  return problem instanceof ImageError ? problem.problem : problem.message;
}

/**
 * Prints all, and how many failed.
 *
 * @param score the number behind the probability: `logit`, `margin`
 * @returns the exit status: `failed` if a file did
 */
export function printVerdicts<Score extends string>(
  verdicts: readonly Verdict<Score>[],
  score: Score,
  threshold: number,
  { json, csv }: VerdictFormat,
): number {
  if (json === true) {
    printJson({ threshold, images: verdicts });
  } else if (csv === true) {
    const head = ["file", "probability", score, "verdict", "error"];
    const rows = verdicts.map((each) => [
      ...[each.file, each.probability, each[score], each.verdict, each.error],
    ]);
    print(csvText([head, ...rows]).trimEnd());
  } else {
    const rows = verdicts.map(({ file, probability, verdict }) => [
      ...[probability?.toFixed(4) ?? "-", verdict ?? "failed", file],
    ]);
    print(columns(rows).join("\n"));
  }
  const bad = verdicts.filter(({ error }) => error !== null).length;
  if (bad > 0) note(`${plural(bad, "file")} failed.`);
  return bad > 0 ? exitCodes.failed : exitCodes.ok;
}
