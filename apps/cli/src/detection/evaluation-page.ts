import type { PaperRow } from "@fauxgrad/lgrad";
import { type Interval, METRIC_NAMES } from "@fauxgrad/training";
import type { Report, ReportSection } from "../report/report.ts";
import { type FailedFile, failureSection, tableOf, transposed } from "../report/tables.ts";
import type { Evaluation } from "./evaluation.ts";
import {
  comparisonRows,
  generatorRows,
  METRIC_TITLES,
  nameOf,
  percent,
} from "./evaluation-text.ts";
import { rocChart } from "./roc-chart.ts";

/** What a page says besides the numbers. */
export interface EvaluationFacts {
  readonly device: string;
  /** What was judged by what, a sentence each. */
  readonly setting: readonly string[];
  readonly notices: readonly string[];
  readonly failures: readonly FailedFile[];
  readonly paper: PaperRow | null;
  readonly scores: "sigmoid" | "logits";
}

/** An evaluation as a page. */
export function evaluationPage(evaluation: Evaluation, facts: EvaluationFacts): Report {
  const { device, setting, notices, paper } = facts;
  const sections = [
    resultSection(evaluation, facts),
    generatorSection(evaluation, facts),
    rocSection(evaluation, facts),
    categorySection(evaluation),
    intervalSection(evaluation),
    calibrationSection(evaluation),
    failureSection(facts.failures),
  ].filter((section) => section !== null);
  return {
    title: "LGrad on a test set",
    device: `Computed on ${device}`,
    intro: [...setting, ...notices],
    sections,
    footer: [
      "LGrad: Tan et al., Learning on Gradients: Generalized Artifacts Representation for " +
        `GAN-Generated Images Detection, CVPR 2023.${paper === null ? "" : " The paper's numbers are as printed there."}`,
    ],
  };
}

function resultSection({ summary }: Evaluation, { paper }: EvaluationFacts): ReportSection {
  const rows = comparisonRows(summary, paper);
  const compared = paper === null ? "" : `, beside table ${paper.table} of the paper`;
  return {
    title: "Result",
    paragraphs: [`Accuracy at 0.5 and average precision, in percent${compared}.`],
    // One line for each generator: a telephone shows it whole.
    tables: [{ columns: transposed(rows)[0]!, rows: transposed(rows).slice(1) }],
  };
}

function generatorSection(evaluation: Evaluation, { scores }: EvaluationFacts): ReportSection {
  const ranked = scores === "logits" ? "logits" : "float32 sigmoids";
  return {
    title: "By generator",
    paragraphs: [
      "Accuracy over all images, over the real and over the fake ones; average precision and the " +
        `area under the ROC curve of the ${ranked}. The mean counts every generator once.`,
    ],
    tables: [tableOf(generatorRows(evaluation))],
  };
}

/** Curves of the generators that have images of both classes. */
function rocSection(
  { predictions, summary }: Evaluation,
  { scores }: EvaluationFacts,
): ReportSection | null {
  const chart = rocChart(
    summary.generators.map(({ name }) => {
      const images = predictions.filter(({ generator }) => generator === name);
      return {
        name: nameOf(name),
        labels: images.map(({ label }) => label),
        scores: images.map(({ logit, probability }) => (scores === "logits" ? logit : probability)),
      };
    }),
  );
  if (chart === null) return null;
  return {
    title: "ROC",
    paragraphs: ["Each point is a threshold; the diagonal is chance."],
    charts: [chart],
  };
}

function categorySection({ summary }: Evaluation): ReportSection | null {
  const head = ["generator", "category", "images"];
  const rows = summary.generators.flatMap(({ name, categories }) =>
    categories.map(({ name: category, metrics }) => [
      ...[nameOf(name), category, String(metrics.real + metrics.fake)],
      ...METRIC_NAMES.map((metric) => percent(metrics[metric])),
    ]),
  );
  if (rows.length === 0) return null;
  const titles = METRIC_NAMES.map((metric) => METRIC_TITLES[metric]);
  return { title: "By category", tables: [tableOf([[...head, ...titles], ...rows])] };
}

function intervalSection({ summary }: Evaluation): ReportSection | null {
  const text = ({ low, high }: Interval) => `${percent(low, 1)} to ${percent(high, 1)}`;
  const named = [
    ...summary.generators.map(({ name, intervals }) => ({ name: nameOf(name), intervals })),
    { name: "Mean", intervals: summary.meanIntervals },
  ];
  const rows = named.flatMap(({ name, intervals }) =>
    intervals === null ? [] : [[name, ...METRIC_NAMES.map((metric) => text(intervals[metric]))]],
  );
  if (rows.length === 0) return null;
  return {
    title: "Confidence intervals",
    paragraphs: [
      "By percentile bootstrap: real and fake images drawn anew, with replacement; for the mean, " +
        "those of each generator within itself. They say what other images of the same generators " +
        "would give, not other generators, nor another training.",
    ],
    tables: [
      { columns: ["generator", ...METRIC_NAMES.map((metric) => METRIC_TITLES[metric])], rows },
    ],
  };
}

function calibrationSection({ calibration }: Evaluation): ReportSection | null {
  if (calibration === null) return null;
  const { temperature, platt } = calibration;
  const rows = [
    ["images of the validation set", String(calibration.images)],
    ["threshold of the probability", calibration.threshold.toPrecision(6)],
    ["accuracy there, at 0.5", percent(calibration.accuracyAtHalf)],
    ["accuracy there, at the threshold", percent(calibration.accuracyAtThreshold)],
    ["expected calibration error", calibration.calibrationError.toFixed(4)],
    ["temperature", temperature === null ? "none fits" : temperature.toPrecision(4)],
    ["Platt: scale", platt.scale.toPrecision(4)],
    ["Platt: shift", platt.shift.toPrecision(4)],
  ];
  return { title: "Calibration", tables: [{ columns: ["measure", "value"], rows }] };
}
