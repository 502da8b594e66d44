import { dot, randomFloats } from "@fauxgrad/testing";
import { expect as expectValue, test as plainTest } from "vitest";
import type { Gpu } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { binary } from "../elementwise/binary.ts";
import { planReduction, reduceGeometry } from "./geometry.ts";
import { argmax, type ReduceName, reduce, sumChannels, sumTo } from "./reduce.ts";
import { reduceReference } from "./reference.ts";

const NAMES: readonly ReduceName[] = ["sum", "mean", "max", "min", "sumSquares"];

/**
 * Roundings on the way of one term: a slab of rows, the slabs, the runs; a mean's factor, a square.
 */
function termsOf(name: ReduceName, shape: Shape, axes: readonly number[]): number {
  if (name === "max" || name === "min") return 0;
  let terms = 2;
  const pending = [...reduceGeometry(name, shape, axes, false).steps];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const { rowsPerSlab, rest } = planReduction(step);
    terms += rowsPerSlab;
    pending.push(...rest);
  }
  return terms;
}

async function onGpu(gpu: Gpu, name: ReduceName, x: Float32Array, shape: Shape, axes: number[]) {
  using input = gpu.upload(x, shape);
  using output = reduce(gpu, name, input, axes, { keepDims: true });
  return { data: await output.read(), shape: output.shape };
}

const CASES: readonly { shape: number[]; axes: number[] }[] = [
  // Columns: whole vectors and not, one slab and several, four odd rows side by side.
  { shape: [1, 4], axes: [0] },
  { shape: [64, 8], axes: [0] },
  { shape: [65, 8], axes: [0] },
  { shape: [131, 3], axes: [0] },
  { shape: [132, 3], axes: [0] },
  { shape: [2, 9, 9, 12], axes: [1, 2] },
  { shape: [3, 71, 5], axes: [1] },
  // Runs: unsplit, cut into rows with and without a short last one.
  { shape: [1], axes: [0] },
  { shape: [7, 32], axes: [1] },
  { shape: [7, 33], axes: [1] },
  { shape: [5, 67], axes: [1] },
  { shape: [2, 1024], axes: [1] },
  { shape: [1, 20_001], axes: [0, 1] },
  // Several groups of axes, and none.
  { shape: [5, 2, 7, 3], axes: [0, 2] },
  { shape: [4, 3, 2, 5, 3], axes: [0, 2, 4] },
  { shape: [3, 5], axes: [] },
  { shape: [1, 6, 1], axes: [0, 2] },
];

test("sum matches the reference for every pattern of axes", async ({ gpu }) => {
  for (const { shape, axes } of CASES) {
    const x = randomFloats(numel(shape), 1);
    const reference = reduceReference("sum", x, shape, axes);
    const actual = await onGpu(gpu, "sum", x, shape, axes);
    const terms = termsOf("sum", shape, axes);
    expect(actual.shape).toEqual(reference.shape);
    expect(actual.data).toMatchReference(reference, { terms });
    // Control: one term left out.
    const wrong = reduceReference("sum", x.with(0, 0), shape, axes);
    expect(actual.data).not.toMatchReference(wrong, { terms });
  }
});

test.for(NAMES)("%s matches its reference, as vectors and as scalars", async (name, { gpu }) => {
  for (const { shape, axes } of [
    { shape: [2, 70, 4], axes: [1] },
    { shape: [2, 71, 3], axes: [1] },
    { shape: [2, 1, 2, 5], axes: [0, 3] },
    { shape: [2, 2], axes: [] },
  ]) {
    // Away from 0, so that a wrong identity would show.
    for (const offset of [-2, 2]) {
      const x = randomFloats(numel(shape), 2).map((value) => value + offset);
      const { data } = await onGpu(gpu, name, x, shape, axes);
      expect(data).toMatchReference(reduceReference(name, x, shape, axes), {
        terms: termsOf(name, shape, axes),
      });
    }
  }
});

test("a NaN anywhere is the maximum, the minimum and the sum", async ({ gpu }) => {
  for (const at of [0, 1, 99]) {
    const x = randomFloats(100, 3).with(at, Number.NaN);
    for (const name of NAMES) {
      expect([...(await onGpu(gpu, name, x, [100], [0])).data]).toEqual([NaN]);
    }
  }
});

test("infinities are the maximum and the minimum of themselves", async ({ gpu }) => {
  const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
  const low = new Float32Array(70).fill(least);
  expect([...(await onGpu(gpu, "max", low, [70], [0])).data]).toEqual([least]);
  const high = new Float32Array(70).fill(most);
  expect([...(await onGpu(gpu, "min", high, [70], [0])).data]).toEqual([most]);
});

test("the same input gives the same bits", async ({ gpu }) => {
  const x = randomFloats(40_000, 4);
  const first = await onGpu(gpu, "sum", x, [40_000], [0]);
  expect(await onGpu(gpu, "sum", x, [40_000], [0])).toEqual(first);
});

test("reduced axes are dropped unless they are kept, all of them by default", async ({ gpu }) => {
  using x = gpu.upload([1, 2, 3, 4, 5, 6], [2, 3]);
  using all = reduce(gpu, "sum", x);
  using rows = reduce(gpu, "mean", x, [-1]);
  expect([all.shape, [...(await all.read())]]).toEqual([[], [21]]);
  expect([rows.shape, [...(await rows.read())]]).toEqual([[2], [2, 5]]);
});

test("sumTo is the adjoint of broadcasting", async ({ gpu }) => {
  for (const [shape, stretched] of [
    [[4], [3, 2, 4]],
    [
      [3, 1, 4],
      [3, 5, 4],
    ],
    [
      [2, 1, 1, 5],
      [2, 3, 3, 5],
    ],
    [[], [7, 3]],
    [
      [2, 3],
      [1, 2, 3],
    ],
    [
      [6, 2],
      [6, 2],
    ],
  ] as const) {
    const g = randomFloats(numel(stretched), 5);
    const v = randomFloats(numel(shape), 6);
    using gradOutput = gpu.upload(g, stretched);
    using ones = gpu.zeros(stretched);
    using small = gpu.upload(v, shape);
    using spread = binary(gpu, "add", ones, small);
    using sums = sumTo(gpu, gradOutput, shape);
    expect(sums.shape).toEqual(shape);
    // ⟨broadcast(v), g⟩ = ⟨v, sumTo(g)⟩
    const left = dot(await spread.read(), g);
    const scale = dot((await spread.read()).map(Math.abs), g.map(Math.abs));
    const bound = (2 + numel(stretched)) * 2 ** -24 * scale;
    expect(Math.abs(left - dot(v, await sums.read()))).toBeLessThan(bound);
  }
});

test("sumChannels sums over everything but the last axis", async ({ gpu }) => {
  for (const shape of [[2, 5, 7, 16], [3, 20, 3], [6]]) {
    const x = randomFloats(numel(shape), 7);
    const channels = shape.at(-1) ?? 1;
    const rows = x.length / channels;
    using input = gpu.upload(x, shape);
    using sums = sumChannels(gpu, input);
    expect(sums.shape).toEqual([channels]);
    const reference = reduceReference("sum", x, [rows, channels], [0]);
    expect(await sums.read()).toMatchReference(
      { ...reference, shape: [channels] },
      { terms: termsOf("sum", [rows, channels], [0]) },
    );
  }
});

test("argmax gives the first of the largest, and NaN before everything", async ({ gpu }) => {
  using x = gpu.upload([3, 9, 9, -1, Number.NaN, 7, -5, -4, -4], [3, 3]);
  using last = argmax(gpu, x);
  using first = argmax(gpu, x, 0);
  expect([...new Uint32Array(await gpu.read(last))]).toEqual([1, 1, 1]);
  expect([...new Uint32Array(await gpu.read(first))]).toEqual([0, 1, 0]);
  expect(last.shape).toEqual([3]);
});

plainTest("the reference agrees with NumPy", () => {
  // x = np.arange(8.).reshape(2, 2, 2); x.sum((0, 2)), x.mean(1), (x * x).sum()
  const x = [0, 1, 2, 3, 4, 5, 6, 7];
  const data = (name: ReduceName, axes: number[]) => [
    ...reduceReference(name, x, [2, 2, 2], axes).data,
  ];
  expectValue(data("sum", [0, 2])).toEqual([10, 18]);
  expectValue(data("mean", [1])).toEqual([1, 2, 5, 6]);
  expectValue(data("sumSquares", [0, 1, 2])).toEqual([140]);
});

plainTest("the largest group of axes is reduced first", () => {
  expectValue(reduceGeometry("sum", [5, 1, 2, 7, 3], [0, 3, 4], false)).toEqual({
    shape: [1, 2],
    steps: [
      { outer: 10, rows: 21, columns: 1 },
      { outer: 1, rows: 5, columns: 2 },
    ],
    terms: 105,
  });
});

plainTest("few columns and many rows are cut into slabs", () => {
  expectValue(planReduction({ outer: 1, rows: 100_352, columns: 64 })).toMatchObject({
    slabs: 512,
    rowsPerSlab: 196,
    rest: [{ outer: 1, rows: 512, columns: 64 }],
  });
});

test("axes outside the shape or named twice, and other types, are refused", ({ gpu }) => {
  expect(() => reduceGeometry("sum", [2, 3], [2], false)).toThrow(
    "sum: axis 2 is outside an array of 2 axes\nPass an axis in [-2, 2).",
  );
  expect(() => reduceGeometry("max", [2, 3], [1, -1], false)).toThrow(
    "max: axis -1 is named twice in [1, -1]\n  input  [2, 3]",
  );
  using x = gpu.zeros([2, 3]);
  expect(() => sumTo(gpu, x, [2])).toThrow(
    "sumTo: [2] does not broadcast to the input\n  input  [2, 3]\n  shape  [2]",
  );
  using labels = gpu.zeros([2], "u32");
  expect(() => reduce(gpu, "sum", labels)).toThrow("sum: the input is u32, not f32");
});
