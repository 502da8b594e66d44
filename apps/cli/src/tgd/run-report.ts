import path from "node:path";
import type { LineChart, MetricsRow } from "@fauxgrad/training";
import type { Report, ReportTable } from "../report/report.ts";
import { curve, drawn, endPoints, stepPoints } from "../training/run-curves.ts";
import type { TgdRun } from "./run-options.ts";
import { bestEpoch } from "./validation.ts";

/** What a report says beside the curves. */
export interface TgdRunFacts {
  readonly run: TgdRun;
  readonly device: string;
  readonly stepsPerEpoch: number;
  readonly images: { readonly train: number; readonly val: number; readonly sourceVal: number };
  /** `finished`, how far it is, or why it stopped. */
  readonly status: string;
}

const PERCENT = 100;

/** The report of a training: curves, a table of its epochs, and its recipe. */
export function tgdRunReport(rows: readonly MetricsRow[], facts: TgdRunFacts): Report {
  const { run, device, status } = facts;
  const { recipe } = run;
  const stage = recipe.stage === "pretrain" ? "Pretraining" : "Transfer";
  return {
    title: `${stage} of T-GD: ${recipe.network.name}, by ${recipe.method}`,
    device: `On ${device}: ${status}`,
    intro: [introOf(facts), ...bestLine(rows, facts)],
    sections: [
      { title: "Curves", charts: chartsOf(rows, facts).filter(({ series }) => series.length > 0) },
      { title: "Epochs", tables: [epochTable(rows)] },
      { title: "Recipe", tables: [{ columns: ["option", "value"], rows: flatFields(recipe) }] },
    ],
    footer: [
      "The method: H. Jeon et al., “T-GD: Transferable GAN-generated Images Detection Framework”, " +
        "ICML 2020.",
    ],
  };
}

function introOf({ run, images: { train, val, sourceVal } }: TgdRunFacts): string {
  const { data, weights, targetVal } = run;
  const validation = val === 0 ? "no" : String(val);
  const source = sourceVal === 0 ? "" : `, ${sourceVal} of the source`;
  const from = weights === null ? "random weights" : path.basename(path.dirname(weights));
  return (
    `${train} training images in ${path.basename(data)}, ${validation} validation images` +
    `${targetVal === null ? "" : ` in ${path.basename(targetVal)}`}${source}; it began from ${from}.`
  );
}

function bestLine(rows: readonly MetricsRow[], { run }: TgdRunFacts): string[] {
  const { selection } = run.recipe;
  const best = bestEpoch(rows, selection);
  if (best === null) return [];
  return [`Best by ${selection}: epoch ${best.epoch + 1}, ${best.value.toFixed(4)}.`];
}

function chartsOf(rows: readonly MetricsRow[], { stepsPerEpoch }: TgdRunFacts): LineChart[] {
  const x = "epoch";
  const step = (label: string, name: string) => curve(label, stepPoints(rows, stepsPerEpoch, name));
  const end = (label: string, name: string, factor = 1) =>
    curve(label, endPoints(rows, "validation", name, factor));
  const share = (label: string, name: string) => end(label, name, PERCENT);
  return [
    {
      ...{ title: "AUROC and accuracy", x, y: "%", yRange: [0, PERCENT] as const },
      series: drawn([
        share("AUROC, target", "rocAuc"),
        share("AUROC, source", "sourceRocAuc"),
        share("acc., target", "accuracy"),
        share("acc., source", "sourceAccuracy"),
        curve("acc., training", endPoints(rows, "epoch", "accuracy", PERCENT)),
      ]),
    },
    {
      ...{ title: "Loss without penalties", x, y: "J", yScale: "log" as const },
      series: drawn([
        step("student", "loss"),
        step("teacher", "teacherLoss"),
        end("val, target", "loss"),
        end("val, source", "sourceLoss"),
      ]),
    },
    { title: "Gamma", x, y: "gamma", series: drawn([step("gamma", "gamma")]) },
    {
      ...{ title: "Penalties", x, y: "value", yScale: "log" as const },
      series: drawn([
        step("Omega_sp", "omegaSp"),
        step("Omega_fc", "omegaFc"),
        step("total loss", "totalLoss"),
      ]),
    },
    {
      ...{ title: "Norms", x, y: "norm", yScale: "log" as const },
      series: drawn([
        step("‖w_fc‖", "fcNorm"),
        step("gradient", "gradNorm"),
        step("with penalties", "regularizedGradNorm"),
      ]),
    },
    {
      ...{ title: "Learning rate", x, y: "rate", yScale: "log" as const },
      series: drawn([step("learning rate", "learningRate")]),
    },
  ];
}

function epochTable(rows: readonly MetricsRow[]): ReportTable {
  const validations = new Map(
    rows.filter(({ kind }) => kind === "validation").map((row) => [row.epoch, row.values]),
  );
  const percent = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? "–" : (PERCENT * value).toFixed(2);
  return {
    columns: [
      ...["epoch", "loss", "accuracy %", "val loss", "val accuracy %", "AUROC %"],
      ...["source loss", "source AUROC %"],
    ],
    rows: rows
      .filter(({ kind }) => kind === "epoch")
      .map(({ epoch, values }) => {
        const found = validations.get(epoch);
        return [
          epoch + 1,
          (values["loss"] ?? Number.NaN).toPrecision(4),
          percent(values["accuracy"]),
          found?.["loss"]?.toPrecision(4) ?? "–",
          percent(found?.["accuracy"]),
          percent(found?.["rocAuc"]),
          found?.["sourceLoss"]?.toPrecision(4) ?? "–",
          percent(found?.["sourceRocAuc"]),
        ];
      }),
  };
}

/** `augmentation.blur.rate` and its value, for every field. */
function flatFields(value: object, prefix = ""): string[][] {
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    const place = `${prefix}${name}`;
    const isObject = typeof field === "object" && field !== null && !Array.isArray(field);
    return isObject ? flatFields(field, `${place}.`) : [[place, String(field ?? "none")]];
  });
}
