import { tgdPaperRow } from "@fauxgrad/tgd";
import { expect, test } from "vitest";
import {
  evaluateSet,
  forgettingOf,
  type MeasureChoice,
  paperCell,
  type ScoredSet,
  scoresOf,
} from "./evaluation.ts";
import { evaluationCsv, evaluationText, setRows } from "./evaluation-text.ts";
import { bestEpoch, selectionValue } from "./validation.ts";

/** Margins in this order, and second logits that rank otherwise. */
function setOf(
  name: string,
  images: readonly (readonly [label: 0 | 1, margin: number, z1: number])[],
) {
  const predictions = images.map(([label, logit, logit1], i) => ({
    ...{ path: `${i}.png`, generator: "", category: null, label, logit, logit1 },
    ...{ probability: 1 / (1 + Math.exp(-logit)), perturbation: null },
  }));
  return { name, predictions } satisfies ScoredSet;
}

const PGGAN = setOf("PGGAN", [
  ...([
    [0, -2, 1],
    [0, -1, 4],
    [0, 1, 2],
  ] as const),
  ...([
    [1, 2, 3],
    [1, 1, 5],
    [1, -1.5, 6],
  ] as const),
]);

const choice: MeasureChoice = {
  ...{ scores: "margin", rates: [0.34], perBatch: null, bootstrap: null },
  ...{ confidence: 0.95, seed: 0 },
};

test("a set is measured by its margins: ties count half, the threshold is a margin of 0", () => {
  const set = evaluateSet(PGGAN, choice);
  // Of 9 pairs: 3 of margin 2, 2 and a tie of 1, 1 of −1.5.
  expect(set.rocAuc).toBeCloseTo(6.5 / 9, 12);
  expect(set).toMatchObject({ real: 3, fake: 3, accuracy: 4 / 6, realAccuracy: 2 / 3 });
  expect(set.confusion).toEqual({
    ...{ truePositives: 2, falsePositives: 1, trueNegatives: 2, falseNegatives: 1 },
  });
  // One of three real images may be called fake: the threshold is below 1.
  expect(set.truePositiveRates).toEqual([{ at: 0.34, rate: 2 / 3 }]);
});

test("the second logit alone ranks otherwise, and accuracies stay", () => {
  const set = evaluateSet(PGGAN, { ...choice, scores: "logit1" });
  expect(set.rocAuc).toBeCloseTo(8 / 9, 12);
  expect(set.accuracy).toBe(4 / 6);
  const { logit1: _, ...single } = PGGAN.predictions[0]!;
  expect(() => scoresOf({ name: "A", predictions: [single] }, "logit1")).toThrow(
    "A: this model has no second logit\nRank by the margin.",
  );
});

test("the mean over batches is one of a shuffled order, and knows batches of one class", () => {
  const { batchMean } = evaluateSet(PGGAN, { ...choice, perBatch: 6 });
  expect(batchMean?.auc).toBeCloseTo(6.5 / 9, 12);
  const single = evaluateSet(PGGAN, { ...choice, perBatch: 1 }).batchMean;
  expect(single).toEqual({ auc: Number.NaN, batchSize: 1, skippedBatches: 6 });
});

test("a set of one class has no AUROC, and its other numbers", () => {
  const real = setOf("real", [
    [0, -1, 0],
    [0, 1, 0],
  ]);
  const set = evaluateSet(real, { ...choice, bootstrap: null });
  expect(set).toMatchObject({ rocAuc: Number.NaN, equalErrorRate: Number.NaN, accuracy: 0.5 });
});

test("what is forgotten is before minus after, beside the paper's numbers", () => {
  const sets = [evaluateSet(PGGAN, choice)];
  const before = [{ name: "PGGAN", rocAuc: 1 }];
  const forgetting = forgettingOf("PGGAN", before, sets);
  expect(forgetting?.forgotten).toBeCloseTo(2.5 / 9, 12);
  expect(forgettingOf("StarGAN", before, sets)).toBeNull();
  expect(forgettingOf(undefined, before, sets)).toBeNull();
  const paper = tgdPaperRow("table1/tgd-b0/PGGAN/transfer") ?? null;
  expect(paperCell(paper, "pggan")).toBe(95.87);
  expect(paperCell(paper, "other")).toBeNull();
  const evaluation = {
    ...{ sets, before, forgetting, paper, calibration: null },
    robustness: [{ name: "PGGAN", aurocs: new Map([["jpeg q=50", 0.5]]) }],
  };
  expect(setRows(evaluation)[1]?.slice(0, 5)).toEqual(["PGGAN", "6", "72.22", "100.00", "95.87"]);
  const text = evaluationText(evaluation);
  expect(text).toContain("Forgetting of PGGAN: 27.78 points of AUROC, from 100.00 to 72.22.");
  expect(text).toContain("AUROC in %  as it is  jpeg q=50\nPGGAN          72.22      50.00");
  const [head = [], row = []] = evaluationCsv(evaluation);
  expect(row[head.indexOf("roc_auc_paper")]).toBeCloseTo(0.9587, 12);
  expect(row).toHaveLength(head.length);
});

test("the calibration is a formula whose shift has one sign", () => {
  const sets = [evaluateSet(PGGAN, choice)];
  const textWith = (shift: number) =>
    evaluationText({
      ...{ sets, before: [], forgetting: null, paper: null, robustness: [] },
      calibration: {
        ...{ images: 8, threshold: 0.4, accuracyAtHalf: 0.5, accuracyAtThreshold: 0.75 },
        ...{ calibrationError: 0.1, temperature: null, platt: { scale: 1.449, shift } },
      },
    });
  expect(textWith(-0.129)).toContain("p = sigmoid(1.449 * margin - 0.1290).");
  expect(textWith(0.129)).toContain("p = sigmoid(1.449 * margin + 0.1290).");
});

test("the best epoch is the first of the highest sum, or of the target where there is no source", () => {
  const row = (epoch: number, values: Record<string, number>) =>
    ({ kind: "validation", step: epoch, epoch, values }) as const;
  const both = [
    row(0, { rocAuc: 0.9, sourceRocAuc: 0.6 }),
    row(1, { rocAuc: 0.8, sourceRocAuc: 0.8 }),
    row(2, { rocAuc: 0.8, sourceRocAuc: 0.8 }),
  ];
  expect(bestEpoch(both, "auroc-sum")).toEqual({ epoch: 1, value: 1.6 });
  expect(bestEpoch(both, "auroc")).toEqual({ epoch: 0, value: 0.9 });
  expect(bestEpoch(both, "last")).toBeNull();
  expect(selectionValue("auroc-sum", { rocAuc: 0.7 })).toBe(0.7);
  expect(selectionValue("auroc-sum", { rocAuc: Number.NaN })).toBeNull();
  expect(selectionValue("accuracy", { accuracy: 0.5, rocAuc: 1 })).toBe(0.5);
});
