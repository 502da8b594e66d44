// Plan: softmax, losses and dropout through the graph against differences of float64 references.

import { binaryReferences } from "@fauxgrad/kernels/reference/elementwise";
import { wordsReference } from "@fauxgrad/kernels/reference/random";
import {
  crossEntropyReference,
  oneHot,
  softmaxReference,
} from "@fauxgrad/kernels/reference/softmax";
import { randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import { expect, test } from "../test-gpu.ts";
import { checkGradients } from "../test-gradients.ts";
import { dropout, dropPath } from "./dropout.ts";
import { binaryCrossEntropyWithLogits, crossEntropy } from "./losses.ts";
import { logSoftmax, softmax } from "./softmax.ts";

test.for([false, true])("softmax has its gradient, logarithm: %s", async (log, { gpu }) => {
  const shape = [2, 3, 5];
  await checkGradients(gpu, {
    op: (x) => (log ? logSoftmax(x!) : softmax(x!)),
    reference: (x) => softmaxReference(x, shape, log).data,
    shapes: [shape],
    terms: 48,
  });
});

const mean = (losses: ArrayLike<number>) => [
  Array.from(losses).reduce((sum, loss) => sum + loss, 0) / losses.length,
];

test("crossEntropy has its gradient, from labels and from probabilities", async ({ gpu }) => {
  const labels = [2, 0, 1, 2];
  const soft = randomFloats(12, 4).map((value) => Math.abs(value));
  using integers = tensor(gpu, labels, [4], { dtype: "u32" });
  using probabilities = tensor(gpu, soft, [4, 3]);
  for (const [target, wanted] of [
    [integers, oneHot(labels, 3)],
    [probabilities, soft],
  ] as const) {
    await checkGradients(gpu, {
      op: (x) => crossEntropy(x!, target),
      reference: (x) => mean(crossEntropyReference(x, wanted, 3)),
      shapes: [[4, 3]],
      terms: 48,
    });
    await checkGradients(gpu, {
      op: (x) => crossEntropy(x!, target, { reduction: "none" }),
      reference: (x) => crossEntropyReference(x, wanted, 3),
      shapes: [[4, 3]],
      terms: 48,
    });
  }
});

test("binaryCrossEntropyWithLogits has its gradient", async ({ gpu }) => {
  const y = [0, 1, 1, 0, 1];
  using target = tensor(gpu, y, [5, 1]);
  const losses = (z: Float64Array) =>
    Array.from(z, (value, i) => binaryReferences.bceWithLogits(value, y[i]!, 0, 0));
  await checkGradients(gpu, {
    op: (z) => binaryCrossEntropyWithLogits(z!, target),
    reference: (z) => mean(losses(z)),
    shapes: [[5, 1]],
    terms: 48,
  });
  await checkGradients(gpu, {
    op: (z) => binaryCrossEntropyWithLogits(z!, target, { reduction: "none" }),
    reference: losses,
    shapes: [[5, 1]],
    terms: 48,
  });
});

test("dropout and dropPath give the gradient the mask of the forward pass", async ({ gpu }) => {
  const random = { seed: 3, offset: 8 };
  const keeps = (count: number, p: number) =>
    wordsReference(count, random.seed, random.offset).map((word) => word >= p * 2 ** 32);
  const elements = keeps(30, 0.25);
  await checkGradients(gpu, {
    op: (x) => dropout(x!, 0.25, random),
    reference: (x) => x.map((value, i) => (elements[i] ? value / 0.75 : 0)),
    shapes: [[5, 6]],
    terms: 4,
  });
  const samples = keeps(5, 0.5);
  expect(new Set([...elements, ...samples]).size).toBe(2);
  await checkGradients(gpu, {
    op: (x) => dropPath(x!, 0.5, random),
    reference: (x) => x.map((value, i) => (samples[Math.floor(i / 6)] ? 2 * value : 0)),
    shapes: [[5, 6]],
    terms: 4,
  });
});
