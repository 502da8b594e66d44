import { rocChart } from "../detection/roc-chart.ts";
import type { Report, ReportSection } from "../report/report.ts";
import { type FailedFile, failureSection, tableOf, transposed } from "../report/tables.ts";
import { type RankedBy, type ScoredSet, scoresOf, type TgdEvaluation } from "./evaluation.ts";
import { forgettingText, robustnessRows, setRows } from "./evaluation-text.ts";

/** What a page says besides the numbers. */
export interface TgdEvaluationFacts {
  readonly device: string;
  /** What was judged by what, a sentence each. */
  readonly setting: readonly string[];
  readonly scores: RankedBy;
  readonly sets: readonly ScoredSet[];
  readonly failures: readonly FailedFile[];
}

/** An evaluation as a page. */
export function tgdEvaluationPage(evaluation: TgdEvaluation, facts: TgdEvaluationFacts): Report {
  const { device, setting } = facts;
  const sections = [
    resultSection(evaluation, facts),
    rocSection(facts),
    robustnessSection(evaluation),
    confusionSection(evaluation),
    calibrationSection(evaluation),
    failureSection(facts.failures),
  ].filter((section) => section !== null);
  return {
    title: "T-GD on test sets",
    device: `Computed on ${device}`,
    intro: setting,
    sections,
    footer: [
      "T-GD: Jeon et al., T-GD: Transferable GAN-generated Images Detection Framework, ICML 2020." +
        `${evaluation.paper === null ? "" : " The paper's numbers are as printed there."}`,
    ],
  };
}

function resultSection(evaluation: TgdEvaluation, { scores }: TgdEvaluationFacts): ReportSection {
  const { sets, paper } = evaluation;
  const ranked = scores === "margin" ? "margin of the two logits" : "second logit alone";
  const skipped = sets.flatMap(({ name, batchMean }) =>
    batchMean === null || batchMean.skippedBatches === 0
      ? []
      : [`${name}: ${batchMean.skippedBatches} batches of one class have no AUROC.`],
  );
  const rows = setRows(evaluation);
  return {
    title: "Result",
    paragraphs: [
      `In percent; AUROC, average precision, EER and TPR of the ${ranked}, over all images of a set ` +
        "together; accuracies at a margin of 0. TPR at a rate is the share of fake images found while " +
        "so many of the real ones are called fake.",
      ...[forgettingText(evaluation)].filter((text) => text !== null),
      ...(paper === null
        ? []
        : [`The paper's row: table ${paper.table}, ${paper.label}, source ${paper.source}.`]),
    ],
    tables: [tableOf(transposed(rows))],
    notes: [
      ...skipped,
      ...(paper === null || paper.note === "" ? [] : [`The paper: ${paper.note}.`]),
    ],
  };
}

function rocSection({ sets, scores }: TgdEvaluationFacts): ReportSection | null {
  const chart = rocChart(
    sets.map((set) => ({
      name: set.name,
      labels: set.predictions.map(({ label }) => label),
      scores: scoresOf(set, scores),
    })),
  );
  if (chart === null) return null;
  return {
    title: "ROC",
    paragraphs: ["Each point is a threshold; the diagonal is chance."],
    charts: [chart],
  };
}

function robustnessSection(evaluation: TgdEvaluation): ReportSection | null {
  const rows = robustnessRows(evaluation);
  if (rows.length === 0) return null;
  return {
    title: "Robustness",
    paragraphs: ["AUROC after every image of a set was changed as the column says."],
    tables: [tableOf(transposed(rows))],
  };
}

function confusionSection({ sets }: TgdEvaluation): ReportSection {
  return {
    title: "Confusion",
    paragraphs: ["Images by what they are and what they were called, at a margin of 0."],
    tables: [
      {
        columns: ["test set", "fake, found", "fake, missed", "real, right", "real, called fake"],
        rows: sets.map(({ name, confusion: counts }) => [
          ...[name, counts.truePositives, counts.falseNegatives],
          ...[counts.trueNegatives, counts.falsePositives],
        ]),
      },
    ],
  };
}

function calibrationSection({ calibration }: TgdEvaluation): ReportSection | null {
  if (calibration === null) return null;
  const { temperature, platt, threshold, accuracyAtHalf, accuracyAtThreshold } = calibration;
  return {
    title: "Calibration",
    tables: [
      {
        columns: ["measure", "value"],
        rows: [
          ["images of the validation set", calibration.images],
          ["expected calibration error", calibration.calibrationError.toFixed(4)],
          ["temperature", temperature === null ? "none fits" : temperature.toPrecision(4)],
          ["Platt: scale", platt.scale.toPrecision(4)],
          ["Platt: shift", platt.shift.toPrecision(4)],
          ["accuracy at 0.5", accuracyAtHalf.toFixed(4)],
          ["most accurate threshold of the sigmoid", threshold.toPrecision(6)],
          ["accuracy there", accuracyAtThreshold.toFixed(4)],
        ],
      },
    ],
  };
}
