// Gradients through the graph of the operations on images, against differences of the references.

import { minibatchStddev as minibatchStddevReference } from "@fauxgrad/kernels/reference/minibatch-stddev";
import * as pool from "@fauxgrad/kernels/reference/pool2d";
import * as resize from "@fauxgrad/kernels/reference/resize";
import { upfirdn2d as upfirdn2dReference } from "@fauxgrad/kernels/reference/upfirdn2d";
import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import type { Tensor } from "../tensor.ts";
import { expect, test } from "../test-gpu.ts";
import { minibatchStddev } from "./minibatch-stddev.ts";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "./pool2d.ts";
import { interpolateBilinear, upsampleNearest } from "./resize.ts";
import { upfirdn2d } from "./upfirdn2d.ts";

const SHAPE = [4, 5, 6, 4] as const;
const COUNT = 480;
const X = randomFloats(COUNT, 1);
const FIR = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((value) => value / 16);
const BLUR = { up: [1, 1], down: [1, 1], padding: [1, 1, 1, 1] } as const;

interface Case {
  readonly apply: (input: Tensor) => Tensor;
  readonly reference: (x: ArrayLike<number>) => { data: Float64Array; shape: readonly number[] };
}

const CASES: Readonly<Record<string, Case>> = {
  maxPool2d: {
    apply: (input) => maxPool2d(input, { kernelSize: 3, stride: 2, padding: 1 }),
    reference: (x) =>
      pool.maxPool2d(x, SHAPE, { kernelSize: [3, 3], stride: [2, 2], padding: [1, 1] }),
  },
  avgPool2d: {
    apply: (input) => avgPool2d(input, { kernelSize: 2 }),
    reference: (x) => pool.avgPool2d(x, SHAPE, { kernelSize: [2, 2], stride: [2, 2] }),
  },
  adaptiveAvgPool2d: {
    apply: (input) => adaptiveAvgPool2d(input, [3, 4]),
    reference: (x) => pool.adaptiveAvgPool2d(x, SHAPE, [3, 4]),
  },
  interpolateBilinear: {
    apply: (input) => interpolateBilinear(input, [8, 9]),
    reference: (x) => resize.interpolateBilinear(x, SHAPE, [8, 9], false),
  },
  upsampleNearest: {
    apply: (input) => upsampleNearest(input, [2, 1]),
    reference: (x) => resize.upsampleNearest(x, SHAPE, [2, 1]),
  },
  minibatchStddev: {
    apply: (input) => minibatchStddev(input, 2, "batch"),
    reference: (x) => minibatchStddevReference(x, SHAPE, 2),
  },
  upfirdn2d: {
    apply: (input) => {
      using kernel = tensor(input.gpu, FIR, [3, 3]);
      return upfirdn2d(input, kernel, { padding: 1 });
    },
    reference: (x) => upfirdn2dReference(x, SHAPE, FIR, [3, 3], BLUR),
  },
};

test.for(Object.entries(CASES))("the gradient of %s", async ([, { apply, reference }], { gpu }) => {
  using input = tensor(gpu, X, SHAPE, { requiresGrad: true });
  using output = apply(input);
  const expected = reference(X);
  expect(output.shape).toEqual(expected.shape);
  const slopes = randomFloats(output.size, 2);
  using seed = tensor(gpu, slopes, output.shape);
  output.backward(seed);
  const actual = await input.grad?.read();
  const gradient = numericalGradient((x) => dot(reference(x).data, slopes), X);
  // At most 9 contributions of at most 1; the deviation's, of 1 / σ besides.
  gradient.forEach((value, i) => {
    expect(Math.abs(actual![i]! - value), `element ${i}`).toBeLessThan(9 * 9 * 2 ** -22);
  });
});
