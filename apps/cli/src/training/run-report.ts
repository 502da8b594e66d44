import type { MetricsRow } from "@fauxgrad/training";
import type { Report, ReportTable } from "../report/report.ts";
import { curve, drawn, endPoints, stepPoints } from "./run-curves.ts";
import type { RunFacts } from "./train-network.ts";

/** What a report says of the training that it is of. */
export interface ReportText {
  readonly title: string;
  /** After how many images: `in horses; the classifier began from random weights.` */
  readonly begun: string;
  /** Options and their values. */
  readonly recipe: object;
  readonly footer: string;
}

const PERCENT = 100;

/** The report of a training: curves, a table of its epochs, and its recipe. */
export function runReport(rows: readonly MetricsRow[], facts: RunFacts, text: ReportText): Report {
  const { device, status, images } = facts;
  const x = "epoch";
  const epochs = table(rows);
  const loss = [
    curve("steps", stepPoints(rows, facts.stepsPerEpoch, "loss")),
    curve("epoch's mean", endPoints(rows, "epoch", "loss")),
    curve("validation", endPoints(rows, "validation", "loss")),
  ];
  const shares = [
    curve("training", endPoints(rows, "epoch", "accuracy", PERCENT)),
    curve("validation", endPoints(rows, "validation", "accuracy", PERCENT)),
    curve("validation, real", endPoints(rows, "validation", "realAccuracy", PERCENT)),
    curve("validation, fake", endPoints(rows, "validation", "fakeAccuracy", PERCENT)),
    curve("average precision", endPoints(rows, "validation", "averagePrecision", PERCENT)),
  ];
  const rate = [curve("learning rate", stepPoints(rows, facts.stepsPerEpoch, "learningRate"))];
  return {
    title: text.title,
    device: `On ${device}: ${status}`,
    intro: [`${images.train} training and ${images.val} validation images ${text.begun}`],
    sections: [
      {
        title: "Curves",
        charts: [
          { title: "Loss", x, y: "cross-entropy", series: drawn(loss), yScale: "log" },
          { title: "Told apart", x, y: "%", series: drawn(shares), yRange: [0, PERCENT] },
          { title: "Learning rate", x, y: "rate", series: drawn(rate), yScale: "log" },
        ],
      },
      { title: "Epochs", tables: [epochs] },
      {
        title: "Recipe",
        tables: [
          {
            columns: ["option", "value"],
            rows: Object.entries(text.recipe).map(([name, value]) => [name, String(value)]),
          },
        ],
      },
    ],
    footer: [text.footer],
  };
}

function table(rows: readonly MetricsRow[]): ReportTable {
  const validations = new Map(
    rows.filter(({ kind }) => kind === "validation").map((row) => [row.epoch, row.values]),
  );
  const percent = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? "–" : (PERCENT * value).toFixed(1);
  return {
    columns: ["epoch", "loss", "accuracy %", "val loss", "val accuracy %", "val AP %"],
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
          percent(found?.["averagePrecision"]),
        ];
      }),
  };
}
