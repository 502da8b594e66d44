/*
 * An evaluation as text: the original script's lines, tables for a terminal, a paper and a program.
 */
import type { PaperCell, PaperRow } from "@fauxgrad/lgrad";
import {
  type BinaryMetrics,
  type Interval,
  METRIC_NAMES,
  type MetricName,
  type Summary,
} from "@fauxgrad/training";
import { markdownTable } from "../report/markdown.ts";
import type { CsvCell } from "../terminal/csv.ts";
import { columns } from "../terminal/output.ts";
import { compareWithPaper, type Evaluation, type FilePrediction } from "./evaluation.ts";

/** As the tables head them. */
export const METRIC_TITLES: Readonly<Record<MetricName, string>> = {
  accuracy: "acc",
  realAccuracy: "real",
  fakeAccuracy: "fake",
  averagePrecision: "AP",
  rocAuc: "AUC",
};

/** `98.37`; `-` where it is not defined. */
export function percent(share: number, digits = 2): string {
  return Number.isNaN(share) ? "-" : (100 * share).toFixed(digits);
}

/** A generator's name; the images of two folders have none. */
export function nameOf(generator: string): string {
  return generator === "" ? "images" : generator;
}

/**
 * What LGrad's eval_test8gan.py prints: a time stamp, a line for each generator, the mean, 25
 * asterisks.
 */
export function officialLines({ generators, mean }: Summary, now: Date): string[] {
  const line = (index: number, name: string, values: Pick<BinaryMetrics, MetricName>) =>
    `(${index} ${name.padEnd(10)}) acc: ${official(values.accuracy)}; ` +
    `ap: ${official(values.averagePrecision)}`;
  return [
    timestamp(now),
    ...generators.map(({ name, metrics }, i) => line(i, nameOf(name), metrics)),
    line(generators.length, "Mean", mean),
    "*".repeat(25),
  ];
}

/** As Python prints it. */
function official(share: number): string {
  return Number.isNaN(share) ? "nan" : (100 * share).toFixed(2);
}

/** `2023_03_21_14_05_09`, local time. */
function timestamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()];
  return [...day, ...time].map(two).join("_");
}

/** Rows of the table of generators, the head first: for people, in percent. */
export function generatorRows({ summary, calibrated }: Evaluation): string[][] {
  const head = [
    "generator",
    "images",
    ...METRIC_NAMES.map((name) => METRIC_TITLES[name]),
    ...(calibrated === null ? [] : ["acc at threshold"]),
  ];
  const rows = summary.generators.map(({ name, metrics }, i) => [
    nameOf(name),
    String(metrics.real + metrics.fake),
    ...METRIC_NAMES.map((metric) => percent(metrics[metric])),
    ...(calibrated === null ? [] : [percent(calibrated.generators[i]!.metrics.accuracy)]),
  ]);
  const images = summary.generators.reduce((sum, { metrics: m }) => sum + m.real + m.fake, 0);
  const mean = [
    "Mean",
    String(images),
    ...METRIC_NAMES.map((metric) => percent(summary.mean[metric])),
    ...(calibrated === null ? [] : [percent(calibrated.mean.accuracy)]),
  ];
  return [head, ...rows, mean];
}

/** The table of generators with its numbers aligned to the right. */
export function terminalTable(evaluation: Evaluation): string[] {
  const rows = generatorRows(evaluation);
  const widths = rows[0]!.map((_, x) => Math.max(...rows.map((row) => row[x]!.length)));
  return columns(
    rows.map((row) => row.map((cell, x) => (x === 0 ? cell : cell.padStart(widths[x]!)))),
  );
}

/** `98.4/99.9`, accuracy and average precision; `-` for none. */
export function cellText(cell: PaperCell | null): string {
  if (cell === null) return "-";
  const text = (value: number) => (Number.isNaN(value) ? "-" : value.toFixed(1));
  return `${text(cell.accuracy)}/${text(cell.averagePrecision)}`;
}

/** Accuracy and average precision as the paper's tables have them, its row below. */
export function comparisonRows(summary: Summary, paper: PaperRow | null): string[][] {
  const cells = compareWithPaper(summary, paper);
  const rows = [
    ["acc/AP in %", ...cells.map(({ name }) => name)],
    ["measured", ...cells.map(({ measured }) => cellText(measured))],
  ];
  if (paper === null) return rows;
  return [
    ...rows,
    [`table ${paper.table}: ${paper.label}`, ...cells.map((cell) => cellText(cell.paper))],
  ];
}

/** Both tables as Markdown. */
export function markdown(evaluation: Evaluation, paper: PaperRow | null): string {
  const tables = [comparisonRows(evaluation.summary, paper), generatorRows(evaluation)];
  return tables.map((rows) => `${markdownTable(rows).join("\n")}\n`).join("\n");
}

/** Every measure of every generator and category as shares, for results.csv. */
export function resultRows({ summary, calibrated }: Evaluation): CsvCell[][] {
  const head = [
    ...["level", "generator", "category", "real", "fake"],
    ...["accuracy", "real_accuracy", "fake_accuracy", "average_precision", "roc_auc"],
    ...["accuracy_low", "accuracy_high", "average_precision_low", "average_precision_high"],
    "accuracy_at_threshold",
  ];
  const measures = (values: Pick<BinaryMetrics, MetricName>) =>
    METRIC_NAMES.map((name) => values[name]);
  const bounds = (interval: Interval | undefined) => [
    interval?.low ?? null,
    interval?.high ?? null,
  ];
  const rows = summary.generators.flatMap(({ name, metrics, intervals, categories }, i) => {
    const other = calibrated?.generators[i];
    const counts = ({ real, fake }: BinaryMetrics) => [real, fake];
    return [
      [
        ...["generator", nameOf(name), null, ...counts(metrics), ...measures(metrics)],
        ...bounds(intervals?.accuracy),
        ...bounds(intervals?.averagePrecision),
        other?.metrics.accuracy ?? null,
      ],
      ...categories.map((category, k) => [
        ...["category", nameOf(name), category.name, ...counts(category.metrics)],
        ...[...measures(category.metrics), null, null, null, null],
        other?.categories[k]?.metrics.accuracy ?? null,
      ]),
    ];
  });
  const { meanIntervals } = summary;
  const mean = [
    ...["mean", null, null, null, null, ...measures(summary.mean)],
    ...bounds(meanIntervals?.accuracy),
    ...bounds(meanIntervals?.averagePrecision),
  ];
  return [head, ...rows, [...mean, calibrated?.mean.accuracy ?? null]];
}

/** One line for each image, for predictions.csv. */
export function predictionRows(predictions: readonly FilePrediction[]): CsvCell[][] {
  const head = ["path", "generator", "category", "label", "logit", "probability", "perturbation"];
  return [
    head,
    ...predictions.map(({ path, generator, category, label, logit, probability, perturbation }) => [
      ...[path, nameOf(generator), category, label, logit, probability, perturbation],
    ]),
  ];
}
