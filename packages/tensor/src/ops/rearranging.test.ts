// Plan: reductions and layout ops through the graph against differences of the float64 reference.

import { type HostArray, rearrange } from "@fauxgrad/kernels/reference/layout";
import { reduceReference } from "@fauxgrad/kernels/reference/reduce";
import { tensor } from "../factories.ts";
import { expect, test } from "../test-gpu.ts";
import { checkGradients } from "../test-gradients.ts";
import { amax, amin, argmax } from "./extrema.ts";
import { broadcastTo, concat, flip, pad, slice, transpose } from "./layout.ts";
import { mean, sum } from "./reduce.ts";

const REDUCTIONS = { sum, mean, max: amax, min: amin };

test.for(Object.keys(REDUCTIONS) as (keyof typeof REDUCTIONS)[])(
  "%s spreads its gradient over what it reduced",
  async (name, { gpu }) => {
    for (const { shape, axes } of [
      { shape: [2, 3, 4, 5], axes: [1, 2] },
      { shape: [5, 4], axes: [-1] },
      { shape: [2, 7, 3], axes: null },
    ]) {
      const all = axes?.map((axis) => (axis < 0 ? axis + shape.length : axis));
      await checkGradients(gpu, {
        op: (x) => REDUCTIONS[name](x!, axes),
        reference: (x) => reduceReference(name, x, shape, all ?? [...shape.keys()]).data,
        shapes: [shape],
        terms: 44,
      });
    }
  },
);

test("ties share the gradient of a largest element evenly", async ({ gpu }) => {
  using x = tensor(gpu, [1, 4, 4, 4, 0, -2], [2, 3], { requiresGrad: true });
  using output = amax(x, [1], { keepDims: true });
  using seed = tensor(gpu, [3, 5], [2, 1]);
  output.backward(seed);
  expect([...(await x.grad!.read())]).toEqual([0, 1.5, 1.5, 5, 0, 0]);
  using place = argmax(x);
  expect([...(await place.readIntegers())]).toEqual([1, 0]);
  expect(place.requiresGrad).toBe(false);
});

const host = (data: Float64Array, shape: readonly number[]): HostArray => ({ data, shape });

test("transpose, flip, slice, pad and broadcastTo move their gradients back", async ({ gpu }) => {
  const shape = [2, 3, 4];
  const shapes = [shape];
  await checkGradients(gpu, {
    op: (x) => transpose(x!, [2, 0, -2]),
    reference: (x) => rearrange(host(x, shape), [4, 2, 3], ([c, a, b]) => [a!, b!, c!]).data,
    shapes,
    terms: 1,
  });
  await checkGradients(gpu, {
    op: (x) => flip(x!, [1, -1]),
    reference: (x) => rearrange(host(x, shape), shape, ([a, b, c]) => [a!, 2 - b!, 3 - c!]).data,
    shapes,
    terms: 1,
  });
  await checkGradients(gpu, {
    op: (x) => slice(x!, [1, 0, 1], [1, 2, 3]),
    reference: (x) =>
      rearrange(host(x, shape), [1, 2, 3], ([a, b, c]) => [a! + 1, b!, c! + 1]).data,
    shapes,
    terms: 1,
  });
  await checkGradients(gpu, {
    op: (x) =>
      pad(
        x!,
        [
          [0, 0],
          [1, 2],
          [3, 0],
        ],
        0.5,
      ),
    reference: (x) =>
      rearrange(host(x, shape), [2, 6, 7], ([a, b, c]) => [a!, b! - 1, c! - 3], 0.5).data,
    shapes,
    terms: 1,
  });
  await checkGradients(gpu, {
    op: (x) => broadcastTo(x!, [3, 5, 4]),
    reference: (x) => rearrange(host(x, [5, 1]), [3, 5, 4], ([, b]) => [b!, 0]).data,
    shapes: [[5, 1]],
    terms: 16,
  });
});

test("concat gives each part its piece of the gradient", async ({ gpu }) => {
  await checkGradients(gpu, {
    op: (a, b, c) => concat([a!, b!, c!], 1),
    reference: (a, b, c) => {
      const rows = (data: Float64Array, width: number, row: number) =>
        data.subarray(row * width, (row + 1) * width);
      return [0, 1].flatMap((row) => [...rows(a, 3, row), ...rows(b, 1, row), ...rows(c, 4, row)]);
    },
    shapes: [
      [2, 3],
      [2, 1],
      [2, 4],
    ],
    terms: 1,
  });
});

test("concat passes over parts that need no gradient", async ({ gpu }) => {
  using constant = tensor(gpu, [1, 2, 3, 4], [2, 2]);
  using x = tensor(gpu, [5, 6], [2, 1], { requiresGrad: true });
  using output = concat([constant, x], -1);
  using seed = tensor(gpu, [1, 2, 3, 4, 5, 6], [2, 3]);
  output.backward(seed);
  expect([...(await x.grad!.read())]).toEqual([3, 6]);
  expect(constant.grad).toBeNull();
});
