import { renderReport } from "../../../cli/src/report/html.ts";
import type { Report, ReportSection } from "../../../cli/src/report/report.ts";
import { type AnyReport, REPORT_TITLES } from "./any-report.ts";
import { type Change, type Comparison, compareReports } from "./compare.ts";
import { comparisonSections } from "./sections/comparison-sections.ts";
import { kernelSections } from "./sections/kernel-sections.ts";
import { modelSections } from "./sections/model-sections.ts";
import { ceilingsText, digits, hostText } from "./text.ts";

function sectionsOf(report: AnyReport): ReportSection[] {
  switch (report.schema) {
    case "fauxgrad-bench-kernels/1":
      return kernelSections(report);
    case "fauxgrad-bench-models/1":
      return modelSections(report);
    case "fauxgrad-bench-peers/1":
      return comparisonSections(report);
    default:
      return report satisfies never;
  }
}

function introOf(report: AnyReport): string[] {
  const { environment } = report;
  return [
    ...(environment.software
      ? ["The adapter is software: compare contestants of one run, not machines."]
      : []),
    ...("ceilings" in report ? [`Ceilings: ${ceilingsText(report.ceilings)}.`] : []),
    ...(report.wrong.length > 0
      ? [`Refused, because they were wrong or failed: ${report.wrong.length}.`]
      : []),
  ];
}

function headOf(report: AnyReport): Pick<Report, "device" | "footer"> {
  const { environment, startedAt, seconds, command } = report;
  const { device, backend, unsafe } = environment;
  const day = startedAt.slice(0, 16).replace("T", " ");
  return {
    device: `${device} (${backend}${unsafe ? ", checks off" : ""}) · ${hostText(environment)}`,
    footer: [
      `npm run bench -- ${command}; ${day} UTC, ${digits(seconds / 60)} minutes.`,
      `Versions: ${Object.entries(environment.packages).flat().join(" ") || "the browser's own"}.`,
    ],
  };
}

const VERDICTS: Readonly<Record<Change["verdict"], string>> = {
  slower: "▲\u00a0slower",
  faster: "▼\u00a0faster",
  same: "–",
};

function changesSection({ changes, clock, gone, added, warnings }: Comparison): ReportSection {
  const columns = [
    "case",
    "verdict",
    "before, ms",
    "after, ms",
    "after ÷ before",
    "counts from, ± %",
    "result",
  ];
  const rows = changes.map((change) => [
    change.name,
    VERDICTS[change.verdict],
    digits(change.before.median),
    digits(change.after.median),
    digits(change.ratio),
    digits(100 * change.threshold),
    change.changedResult ? "other bits" : "",
  ]);
  const count = (verdict: Change["verdict"]) =>
    changes.filter((change) => change.verdict === verdict).length;
  return {
    title: "What changed",
    paragraphs: [
      `${count("slower")} slower, ${count("faster")} faster, ${count("same")} the same, by ` +
        `${clock} time. A change counts from three standard deviations of both runs' samples on, ` +
        "and from 5 %.",
      ...(warnings.length > 0
        ? [`The runs differ in more than the code: ${warnings.join("; ")}.`]
        : []),
    ],
    tables: [{ columns, rows }],
    notes: [
      ...gone.map((name) => `${name}: only in the run before`),
      ...added.map((name) => `${name}: only in the run after`),
    ],
  };
}

/** A report as a page that needs nothing else. */
export function reportPage(report: AnyReport): string {
  const title = `Fauxgrad bench: ${REPORT_TITLES[report.schema]}`;
  const sections = sectionsOf(report);
  return renderReport({ title, intro: introOf(report), sections, ...headOf(report) });
}

/**
 * Two runs of one bench: what changed, and then the later one.
 *
 * @throws {RangeError} if the reports are of different benches
 */
export function comparisonPage(before: AnyReport, after: AnyReport): string {
  const title = `Fauxgrad bench: ${REPORT_TITLES[after.schema]}, before and after`;
  const sections = [changesSection(compareReports(before, after)), ...sectionsOf(after)];
  return renderReport({ title, intro: introOf(after), sections, ...headOf(after) });
}
