// Judged files as one page.

import { LIMITS, type ListedDetector, READING } from "@fauxgrad/detectors";
import manifest from "../../package.json" with { type: "json" };
import type { ImageRow, Report, ReportSection } from "../report/report.ts";
import { failureSection } from "../report/tables.ts";
import { formatDuration, plural } from "../terminal/units.ts";
import { traitsOf } from "./detect-text.ts";
import type { JudgedFile } from "./judged-file.ts";

/** What a page is made of. */
export interface JudgementPage {
  readonly title: string;
  readonly intro: readonly string[];
  readonly files: readonly JudgedFile[];
  /** Rows of pictures, by sections. */
  readonly sections: readonly ReportSection[];
  readonly detectors: readonly ListedDetector[];
  readonly device: string;
  readonly ms: number;
  /** After what is always said. */
  readonly footer?: readonly string[];
}

/** The page of a run. */
export function judgementReport(page: JudgementPage): Report {
  const { title, intro, files, sections, detectors, device, ms, footer = [] } = page;
  const failures = files.flatMap(({ file, error }) => (error === null ? [] : [{ file, error }]));
  const leftOut = failureSection(failures);
  return {
    title,
    device: `Computed on ${device} in ${formatDuration(ms)}`,
    intro,
    sections: [
      verdictSection(files, detectors),
      { title: "How to read the pictures", notes: READING },
      ...sections,
      ...(leftOut === null ? [] : [leftOut]),
      { title: "What this is worth", notes: LIMITS },
    ],
    footer: [
      `Made by fauxgrad ${manifest.version}. Detectors: ${detectors.map(cardOf).join("; ")}.`,
      ...footer,
    ],
  };
}

function cardOf({ title, card }: ListedDetector): string {
  return `${title} (${card})`;
}

function verdictSection(
  files: readonly JudgedFile[],
  detectors: readonly ListedDetector[],
): ReportSection {
  const judged = files.filter(({ image }) => image !== null);
  const count = (verdict: string) =>
    judged.filter(({ image }) => image?.verdict === verdict).length;
  const isAllFamiliar = judged.every(({ image }) => image?.unfamiliar.length === 0);
  return {
    title: "Verdicts",
    paragraphs: [
      `${plural(judged.length, "image")}: ${count("fake")} called fake, ${count("real")} called ` +
        `real, ${count("undecided")} on which the detectors differ. The numbers are probabilities ` +
        "of being made by a GAN.",
    ],
    tables: [
      {
        columns: [
          ...["image", "verdict", ...detectors.map(({ title }) => title)],
          ...(isAllFamiliar ? [] : ["unfamiliar"]),
        ],
        rows: judged.map(({ file, image }) => [
          file,
          image?.verdict ?? "-",
          ...detectors.map(
            ({ name }) =>
              image?.detectors.find((each) => each.name === name)?.probability.toFixed(2) ?? "-",
          ),
          ...(isAllFamiliar ? [] : [traitsOf(image)]),
        ]),
      },
    ],
  };
}

/** Rows of pictures as a section, with what is left out of a long page. */
export function pictureSection(rows: readonly ImageRow[], images: number): ReportSection {
  const more = images - rows.length;
  return {
    title: "Pictures",
    rows,
    ...(more > 0 ? { notes: [`And ${plural(more, "image")} more, in the table only.`] } : {}),
  };
}
