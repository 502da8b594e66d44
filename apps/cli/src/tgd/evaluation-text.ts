/*
 * An evaluation of T-GD as text: tables for a terminal, a paper and a program.
 */
import type { Interval } from "@fauxgrad/training";
import { percent } from "../detection/evaluation-text.ts";
import { markdownTable } from "../report/markdown.ts";
import type { CsvCell } from "../terminal/csv.ts";
import { columns } from "../terminal/output.ts";
import { paperCell, type ScoredSet, type TgdEvaluation } from "./evaluation.ts";

/** `98.13 (97.80 to 98.42)` */
export function withInterval(value: number, interval: Interval | undefined): string {
  const text = percent(value);
  if (interval === undefined) return text;
  return `${text} (${percent(interval.low)} to ${percent(interval.high)})`;
}

/** Rows of the table of test sets, the head first: for people, in percent. */
export function setRows({ sets, before, paper }: TgdEvaluation): string[][] {
  const rates = sets[0]?.truePositiveRates ?? [];
  const batchSize = sets[0]?.batchMean?.batchSize;
  const head = [
    ...["test set", "images", "AUROC"],
    ...(before.length === 0 ? [] : ["before"]),
    ...(paper === null ? [] : ["the paper"]),
    ...(batchSize === undefined ? [] : [`AUROC by ${batchSize}`]),
    ...["AP", "acc", "real", "fake", "EER"],
    ...rates.map(({ at }) => `TPR at ${percent(at, at < 0.01 ? 1 : 0)} %`),
    "ECE",
  ];
  const rows = sets.map((set) => {
    const { name, real, fake, intervals, batchMean } = set;
    const earlier = before.find((each) => each.name === name)?.rocAuc ?? Number.NaN;
    const printed = paperCell(paper, name);
    return [
      ...[name, String(real + fake), withInterval(set.rocAuc, intervals?.rocAuc)],
      ...(before.length === 0 ? [] : [percent(earlier)]),
      ...(paper === null ? [] : [printed === null ? "-" : printed.toFixed(2)]),
      ...(batchMean === null ? [] : [percent(batchMean.auc)]),
      withInterval(set.averagePrecision, intervals?.averagePrecision),
      ...[set.accuracy, set.realAccuracy, set.fakeAccuracy, set.equalErrorRate].map((share) =>
        percent(share),
      ),
      ...set.truePositiveRates.map(({ rate }) => percent(rate)),
      set.calibrationError.toFixed(4),
    ];
  });
  return [head, ...rows];
}

/** AUROCs under perturbations, the head first; empty where there are none. */
export function robustnessRows({ robustness, sets }: TgdEvaluation): string[][] {
  const [first] = robustness;
  if (first === undefined) return [];
  const names = [...first.aurocs.keys()];
  return [
    ["AUROC in %", "as it is", ...names],
    ...robustness.map(({ name, aurocs }) => [
      name,
      percent(sets.find((set) => set.name === name)?.rocAuc ?? Number.NaN),
      ...names.map((each) => percent(aurocs.get(each) ?? Number.NaN)),
    ]),
  ];
}

/** What a transfer took from the source, in a sentence; null where that is not known. */
export function forgettingText({ forgetting }: TgdEvaluation): string | null {
  if (forgetting === null) return null;
  const { source, before, after, forgotten } = forgetting;
  return (
    `Forgetting of ${source}: ${(100 * forgotten).toFixed(2)} points of AUROC, from ` +
    `${percent(before)} to ${percent(after)}.`
  );
}

/** Everything for a terminal. */
export function evaluationText(evaluation: TgdEvaluation): string {
  const { calibration, paper } = evaluation;
  const forgetting = forgettingText(evaluation);
  const robustness = robustnessRows(evaluation);
  return [
    ...aligned(setRows(evaluation)),
    ...(forgetting === null ? [] : ["", forgetting]),
    ...(paper === null ? [] : ["", paperLine(paper)]),
    ...(robustness.length === 0 ? [] : ["", ...aligned(robustness)]),
    ...(calibration === null ? [] : ["", calibrationLine(calibration)]),
  ].join("\n");
}

function paperLine({ table, label, source, state, note }: NonNullable<TgdEvaluation["paper"]>) {
  return `The paper: table ${table}, ${label}, source ${source}, ${state}${note && `; ${note}`}.`;
}

function calibrationLine({
  images,
  platt,
  calibrationError,
}: NonNullable<TgdEvaluation["calibration"]>): string {
  const [scale, shift] = [platt.scale, Math.abs(platt.shift)].map((value) => value.toPrecision(4));
  return (
    `Calibrated on ${images} images, whose ECE was ${calibrationError.toFixed(4)}: ` +
    `p = sigmoid(${scale} * margin ${platt.shift < 0 ? "-" : "+"} ${shift}).`
  );
}

function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, x) => Math.max(...rows.map((row) => row[x]!.length)));
  return columns(
    rows.map((row) => row.map((cell, x) => (x === 0 ? cell : cell.padStart(widths[x]!)))),
  );
}

/** All tables as Markdown. */
export function evaluationMarkdown(evaluation: TgdEvaluation): string {
  const robustness = robustnessRows(evaluation);
  const forgetting = forgettingText(evaluation);
  return [
    ...markdownTable(setRows(evaluation)),
    ...(forgetting === null ? [] : ["", forgetting]),
    ...(robustness.length === 0 ? [] : ["", ...markdownTable(robustness)]),
    "",
  ].join("\n");
}

/** Every measure of every set as shares, for results.csv. */
export function evaluationCsv({ sets, before, paper }: TgdEvaluation): CsvCell[][] {
  const rates = sets[0]?.truePositiveRates ?? [];
  const head = [
    ...["set", "real", "fake", "roc_auc", "roc_auc_low", "roc_auc_high", "roc_auc_before"],
    ...["roc_auc_paper", "roc_auc_batch_mean", "average_precision", "accuracy", "real_accuracy"],
    ...["fake_accuracy", "equal_error_rate", "calibration_error"],
    ...rates.map(({ at }) => `true_positive_rate_at_${at}`),
    ...["true_positives", "false_positives", "true_negatives", "false_negatives"],
  ];
  const rows = sets.map((set): CsvCell[] => {
    const { name, intervals, confusion } = set;
    const printed = paperCell(paper, name);
    return [
      ...[name, set.real, set.fake, set.rocAuc],
      ...[intervals?.rocAuc.low ?? null, intervals?.rocAuc.high ?? null],
      before.find((each) => each.name === name)?.rocAuc ?? null,
      printed === null ? null : printed / 100,
      set.batchMean?.auc ?? null,
      ...[set.averagePrecision, set.accuracy, set.realAccuracy, set.fakeAccuracy],
      ...[set.equalErrorRate, set.calibrationError],
      ...set.truePositiveRates.map(({ rate }) => rate),
      ...[confusion.truePositives, confusion.falsePositives],
      ...[confusion.trueNegatives, confusion.falseNegatives],
    ];
  });
  return [head, ...rows];
}

/** One line for each image, for predictions.csv. */
export function predictionRows(sets: readonly ScoredSet[]): CsvCell[][] {
  return [
    ["set", "path", "label", "margin", "logit1", "probability"],
    ...sets.flatMap(({ name, predictions }) =>
      predictions.map(({ path, label, logit, logit1, probability }) => [
        ...[name, path, label, logit, logit1 ?? null, probability],
      ]),
    ),
  ];
}
