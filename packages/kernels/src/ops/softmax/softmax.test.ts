import { numericalGradient, randomFloats, randomIntegers } from "@fauxgrad/testing";
import { expect as expectValue, test as plainTest } from "vitest";
import { numel } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { binaryReferences } from "../elementwise/reference.ts";
import {
  bceWithLogits,
  bceWithLogitsGradLogits,
  crossEntropy,
  crossEntropyGradLogits,
  type Reduction,
} from "./cross-entropy.ts";
import { crossEntropyReference, oneHot, softmaxReference } from "./reference.ts";
import { logSoftmax, logSoftmaxGradInput, softmax, softmaxGradInput } from "./softmax.ts";

/** One lane a row up to 16 columns, then 32; rows around a workgroup's 64 and 2. */
const SHAPES = [[1], [1, 2], [65, 2], [3, 16], [3, 17], [1, 31], [2, 33], [2, 3, 100]] as const;
const REDUCTIONS: readonly Reduction[] = ["mean", "sum", "none"];

test.for([false, true])("matches the reference, logarithm: %s", async (log, { gpu }) => {
  for (const shape of SHAPES) {
    const x = randomFloats(numel(shape), 1).map((value) => value * 8);
    using input = gpu.upload(x, shape);
    using output = log ? logSoftmax(gpu, input) : softmax(gpu, input);
    const columns = shape.at(-1) ?? 1;
    const reference = softmaxReference(x, shape, log);
    expect(await output.read()).toMatchReference(reference, { terms: columns + 4 });
    const wrong = reference.data.with(0, reference.data[0]! + 1e-3);
    expect(await output.read()).not.toMatchReference(
      { ...reference, data: wrong },
      { terms: columns + 4 },
    );
  }
});

test.for([false, true])(
  "has the gradient of the reference, logarithm: %s",
  async (log, { gpu }) => {
    for (const shape of [
      [3, 5],
      [2, 19],
    ] as const) {
      const x = randomFloats(numel(shape), 2).map((value) => value * 3);
      const g = randomFloats(numel(shape), 3);
      const loss = (at: Float64Array) =>
        softmaxReference(at, shape, log).data.reduce((sum, y, i) => sum + g[i]! * y, 0);
      using input = gpu.upload(x, shape);
      using gradOutput = gpu.upload(g, shape);
      using output = log ? logSoftmax(gpu, input) : softmax(gpu, input);
      using gradInput = log
        ? logSoftmaxGradInput(gpu, gradOutput, output)
        : softmaxGradInput(gpu, gradOutput, output);
      const data = numericalGradient(loss, x);
      // Σ|g·y| ≤ Σ|g| ≤ columns; y itself carries the forward pass's error of some 20 ulps.
      const columns = shape[1];
      const magnitude = data.map(() => 2 * columns);
      expect(await gradInput.read()).toMatchReference({ data, magnitude, shape }, { terms: 40 });
    }
  },
);

test("rows far out neither overflow nor vanish", async ({ gpu }) => {
  using input = gpu.upload([1000, 999, -1000, -1000, 3, -1e30], [3, 2]);
  using output = softmax(gpu, input);
  using logs = logSoftmax(gpu, input);
  const p = 1 / (1 + Math.exp(-1));
  const close = (value: number) => expect.closeTo(value, 6);
  expect([...(await output.read())]).toEqual([p, 1 - p, 0.5, 0.5, 1, 0].map(close));
  expect([...(await logs.read())]).toEqual(
    [Math.log(p), Math.log(1 - p), -Math.LN2, -Math.LN2, 0, Math.fround(-1e30)].map(close),
  );
});

function reduceReference(losses: Float64Array, reduction: Reduction): Float64Array {
  if (reduction === "none") return losses;
  const sum = losses.reduce((total, loss) => total + loss, 0);
  return Float64Array.of(reduction === "mean" ? sum / losses.length : sum);
}

const GRADS: Readonly<Record<Reduction, (rows: number) => Float32Array>> = {
  mean: () => Float32Array.of(-1.5),
  sum: () => Float32Array.of(0.75),
  none: (rows) => randomFloats(rows, 9),
};

test.for(REDUCTIONS)(
  "cross-entropy and its gradient match, reduction: %s",
  async (reduction, { gpu }) => {
    for (const [rows, columns] of [
      [1, 2],
      [5, 10],
      [67, 3],
      [3, 40],
    ] as const) {
      const x = randomFloats(rows * columns, 4).map((value) => value * 5);
      const labels = randomIntegers(rows, columns, 5);
      const soft = randomFloats(rows * columns, 6).map((value) => Math.abs(value));
      for (const wanted of [oneHot(labels, columns), [...soft]]) {
        const isLabels = wanted.length !== 0 && wanted[0] !== soft[0];
        using logits = gpu.upload(x, [rows, columns]);
        using target = isLabels
          ? gpu.upload(labels, [rows], "u32")
          : gpu.upload(soft, [rows, columns]);
        using loss = crossEntropy(gpu, logits, target, { reduction });
        const data = reduceReference(crossEntropyReference(x, wanted, columns), reduction);
        const shape = reduction === "none" ? [rows] : [];
        expect(loss.shape).toEqual(shape);
        // Each row sums `columns` terms of up to 10 + ln columns, each with t < 1.
        const rowsInSum = reduction === "sum" ? rows : 1;
        const magnitude = data.map(() => 16 * (isLabels ? 1 : columns) * rowsInSum);
        const terms = columns + rows + 8;
        expect(await loss.read()).toMatchReference({ data, magnitude, shape }, { terms });

        const g = GRADS[reduction](rows);
        using gradOutput = gpu.upload(g, shape);
        using gradLogits = crossEntropyGradLogits(gpu, gradOutput, logits, target, { reduction });
        const scalar = (at: Float64Array) =>
          reduceReference(crossEntropyReference(at, wanted, columns), reduction).reduce(
            (sum, value, i) => sum + g[i]! * value,
            0,
          );
        const gradient = numericalGradient(scalar, x);
        expect(await gradLogits.read()).toMatchReference(
          {
            data: gradient,
            magnitude: gradient.map(() => (isLabels ? 2 : columns) * 2),
            shape: [rows, columns],
          },
          { terms: columns + 24 },
        );
      }
    }
  },
);

test("labels beyond the classes make their loss NaN, and only theirs", async ({ gpu }) => {
  using logits = gpu.upload([1, 2, 3, 4], [2, 2]);
  using target = gpu.upload([1, 2], [2], "u32");
  using loss = crossEntropy(gpu, logits, target, { reduction: "none" });
  using gradOutput = gpu.upload([1, 1], [2]);
  using grad = crossEntropyGradLogits(gpu, gradOutput, logits, target, { reduction: "none" });
  const [first, second] = await loss.read();
  expect([Number.isNaN(first), Number.isNaN(second)]).toEqual([false, true]);
  expect([...(await grad.read())].map(Number.isNaN)).toEqual([false, false, true, true]);
});

test.for(REDUCTIONS)(
  "binary cross-entropy and its gradient match, reduction: %s",
  async (reduction, { gpu }) => {
    for (const shape of [[1], [6, 1], [5, 7]]) {
      const count = numel(shape);
      const z = randomFloats(count, 7).map((value) => value * 9);
      const y = randomFloats(count, 8).map((value) => Math.round(Math.abs(value)));
      using logits = gpu.upload(z, shape);
      using target = gpu.upload(y, shape);
      using loss = bceWithLogits(gpu, logits, target, { reduction });
      const forward = (at: ArrayLike<number>) =>
        reduceReference(
          Float64Array.from(at, (value, i) => binaryReferences.bceWithLogits(value, y[i]!, 0, 0)),
          reduction,
        );
      const data = forward(z);
      const lossShape = reduction === "none" ? shape : [];
      const magnitude = data.map(() => 20 * (reduction === "sum" ? count : 1));
      expect(await loss.read()).toMatchReference(
        { data, magnitude, shape: lossShape },
        { terms: count + 8 },
      );
      const g = GRADS[reduction](count);
      using gradOutput = gpu.upload(g, lossShape);
      using gradLogits = bceWithLogitsGradLogits(gpu, gradOutput, logits, target, { reduction });
      const gradient = numericalGradient(
        (at) => forward(at).reduce((sum, value, i) => sum + g[i]! * value, 0),
        z,
      );
      expect(await gradLogits.read()).toMatchReference(
        { data: gradient, magnitude: gradient.map(() => 2), shape },
        { terms: 24 },
      );
    }
  },
);

plainTest("the references agree with PyTorch", () => {
  // x = torch.tensor([[1., -2., 0.5], [0.25, 3., -1.]], dtype=torch.float64)
  const x = [1, -2, 0.5, 0.25, 3, -1];
  const probabilities = softmaxReference(x, [2, 3], false).data;
  for (const [i, value] of SOFTMAX.entries()) {
    expectValue(probabilities[i]).toBeCloseTo(value, 12);
  }
  // cross_entropy(x, torch.tensor([2, 0]), reduction="none")
  const losses = crossEntropyReference(x, oneHot([2, 0], 3), 3);
  for (const [n, value] of LOSSES.entries()) expectValue(losses[n]).toBeCloseTo(value, 12);
  // binary_cross_entropy_with_logits(torch.tensor([-1.5]), torch.tensor([1.]))
  expectValue(binaryReferences.bceWithLogits(-1.5, 1, 0, 0)).toBeCloseTo(BCE, 12);
});

const SOFTMAX = [
  0.6037488961486258, 0.030058887569574023, 0.3661922162818002, 0.05906975759251023,
  0.9240064735078669, 0.016923768899622816,
];
const LOSSES = [1.0045969023422834, 2.8290362014040995];
const BCE = 1.7014132779827524;

test("operands that do not fit are refused", ({ gpu }) => {
  using logits = gpu.zeros([4, 3]);
  using floats = gpu.zeros([4]);
  using scalar = gpu.zeros([]);
  expect(() => crossEntropy(gpu, logits, floats)).toThrow(
    "crossEntropy: logits and target do not fit\n  logits  [4, 3]\n  target  [4] f32\n" +
      "Pass logits [N, C] with labels [N] as u32, or with class probabilities [N, C] as f32.",
  );
  expect(() => bceWithLogits(gpu, logits, floats)).toThrow(
    "bceWithLogits: logits and target differ in shape\n  logits  [4, 3]\n  target  [4]\n" +
      "Reshape one of them.",
  );
  expect(() => softmax(gpu, scalar)).toThrow(
    "softmax: the input is a scalar\nPass an array of at least one axis.",
  );
  expect(() => softmaxGradInput(gpu, floats, logits)).toThrow(
    "softmax gradient: gradOutput and output differ in shape\n  gradOutput  [4]\n  output      [4, 3]",
  );
});
