// Judged files as columns, CSV and JSON.

import { type DetectorVerdict, judgementNumbers } from "@fauxgrad/detectors";
import { type CsvCell, csvText } from "../terminal/csv.ts";
import { columns } from "../terminal/output.ts";
import type { JudgedFile, JudgedImage } from "./judged-file.ts";

/** A detector, as far as the head of a table wants it. */
export interface NamedDetector {
  readonly name: string;
  readonly title: string;
}

/** Lines for people: a table, what is unfamiliar below it; of one image, its words. */
export function judgementLines(
  files: readonly JudgedFile[],
  detectors: readonly NamedDetector[],
): string[] {
  const head = ["verdict", ...detectors.map(({ title }) => title), "file"];
  const rows = files.map(({ file, image }) => [
    image === null ? "failed" : verdictCell(image),
    ...detectors.map(({ name }) => (image === null ? "-" : probabilityOf(image, name))),
    file,
  ]);
  const lines = columns([head, ...rows]);
  const [only] = files;
  if (files.length === 1 && only?.image) return [...lines, "", only.image.words];
  const strange = files.filter(({ image }) => (image?.unfamiliar.length ?? 0) > 0);
  if (strange.length === 0) return lines;
  return [
    ...lines,
    "",
    "? Outside what the detectors know; the verdict means little:",
    ...strange.map(({ file, image }) => `  ${file}: ${traitsOf(image)}`),
  ];
}

function verdictCell({ verdict, unfamiliar }: JudgedImage): string {
  return unfamiliar.length > 0 ? `${verdict} ?` : verdict;
}

function probabilityOf(image: JudgedImage, name: string): string {
  return verdictOf(image, name)?.probability.toFixed(4) ?? "-";
}

function verdictOf(
  { detectors }: JudgedImage,
  name: string,
): Omit<DetectorVerdict, "explanation"> | undefined {
  return detectors.find((each) => each.name === name);
}

/** `it is grey, or nearly; …` */
export function traitsOf(image: JudgedImage | null): string {
  return (image?.unfamiliar ?? []).map(({ text }) => text).join("; ");
}

/** A row for each file. */
export function judgementCsv(
  files: readonly JudgedFile[],
  detectors: readonly NamedDetector[],
): string {
  const of = (name: string) =>
    ["probability", "logit", "verdict"].map((field) => `${name} ${field}`);
  const head = [
    ...["file", "verdict", ...detectors.flatMap(({ name }) => of(name))],
    ...["unfamiliar", "width", "height", "squares", "error"],
  ];
  return csvText([head, ...files.map((each) => csvRow(each, detectors))]);
}

function csvRow(
  { file, image, error }: JudgedFile,
  detectors: readonly NamedDetector[],
): CsvCell[] {
  const numbers = detectors.flatMap(({ name }): CsvCell[] => {
    const verdict = image === null ? undefined : verdictOf(image, name);
    if (verdict === undefined) return [null, null, null];
    return [verdict.probability, verdict.logit, verdict.isFake ? "fake" : "real"];
  });
  const size = image === null ? [null, null, null] : [image.width, image.height, squaresOf(image)];
  return [file, image?.verdict ?? null, ...numbers, traitsOf(image), ...size, error];
}

function squaresOf({ plan }: JudgedImage): number {
  return plan.corners.length;
}

/** What `--json` prints of a file. */
export function judgementJson({ file, image, error }: JudgedFile): object {
  if (image === null) return { file, verdict: null, error };
  return { file, ...judgementNumbers(image), error };
}
