import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import type { Gpu } from "../../gpu/gpu.ts";
import { numel } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { type MinibatchStddevMode, minibatchStddevGeometry } from "./geometry.ts";
import { minibatchStddev, minibatchStddevGradInput } from "./minibatch-stddev.ts";
import * as reference from "./reference.ts";

type Images = readonly [number, number, number, number];

async function run(
  gpu: Gpu,
  x: Float32Array<ArrayBuffer>,
  g: Float32Array<ArrayBuffer>,
  shape: Images,
  groupSize: number,
  mode: MinibatchStddevMode,
) {
  const geometry = minibatchStddevGeometry(shape, groupSize, mode);
  const input = gpu.upload(x, shape);
  const gradOutput = gpu.upload(g, geometry.output);
  const output = minibatchStddev(gpu, input, geometry);
  const gradInput = minibatchStddevGradInput(gpu, gradOutput, input, geometry);
  const [y, dx] = await Promise.all([output.read(), gradInput.read()]);
  for (const array of [input, gradOutput, output, gradInput]) array.dispose();
  return { y, dx };
}

// def layer(x, group):                                  # genforce's MinibatchSTDLayer, restated
//   g = min(group, x.shape[0]); n, c, h, w = x.shape
//   y = x.view(g, -1, 1, c, h, w); y = y - y.mean(0, keepdim=True)
//   y = (y.pow(2).mean(0) + 1e-8).sqrt().mean(dim=[2, 3, 4], keepdim=True).squeeze(2)
//   return torch.cat([x, y.repeat(g, 1, h, w)], 1)
// x = ((torch.arange(24.) * 7) % 11 - 5).double().reshape(4, 1, 3, 2).permute(0, 3, 1, 2)
// y = layer(x.requires_grad_(), 2); y.permute(0, 2, 3, 1)[..., -1].flatten()         # APPENDED
// g = torch.arange(1., 37).reshape(4, 1, 3, 3).permute(0, 3, 1, 2)
// torch.autograd.grad((y * g).sum(), x)[0].permute(0, 2, 3, 1).flatten()             # GRADIENT
const APPENDED = [2.750000002, 2.500000002, 2.750000002, 2.500000002];
const GRADIENT = [
  [-6.499999997, 9.499999991, -3.499999997, 12.499999991, 14.499999991, 0.500000003],
  [21.999999985, 22.999999985, 1.000000005, 25.999999985, 27.999999985, 5.000000005],
  [26.499999997, 12.500000009, 29.499999997, 15.500000009, 17.500000009, 33.499999997],
  [16.000000015, 17.000000015, 42.999999995, 20.000000015, 22.000000015, 46.999999995],
].flat();

test("reference, kernel and gradient agree with the original implementation", async ({ gpu }) => {
  const x = Float32Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) - 5);
  const g = Float32Array.from({ length: 36 }, (_, i) => i + 1);
  const shape = [4, 1, 3, 2] as const;
  const expected = reference.minibatchStddev(x, shape, 2);
  for (let sample = 0; sample < 4; sample++) {
    expect(expected.data[sample * 9 + 2]).toBeCloseTo(APPENDED[sample]!, 9);
  }
  const { y, dx } = await run(gpu, x, g, shape, 2, "batch");
  expect(y).toMatchReference(expected, { terms: 10 });
  const golden = { data: Float64Array.from(GRADIENT), shape };
  expect(dx).toMatchReference(golden, { terms: 100 });
});

const CASES: readonly { shape: Images; groupSize: number }[] = [
  { shape: [8, 4, 4, 8], groupSize: 4 },
  { shape: [2, 4, 4, 513], groupSize: 4 },
  { shape: [6, 1, 3, 5], groupSize: 3 },
  { shape: [16, 2, 1, 3], groupSize: 16 },
  { shape: [3, 1, 1, 1], groupSize: 1 },
];

describe.each(CASES)("%j", ({ shape, groupSize }) => {
  test("matches the reference over groups of the batch", async ({ gpu }) => {
    const [n, h, w, c] = shape;
    const x = randomFloats(numel(shape), 21);
    const g = randomFloats(n * h * w * (c + 1), 22);
    const { y, dx } = await run(gpu, x, g, shape, groupSize, "batch");
    // A slab of at most 33 positions, 256 slabs, the mean and the variance of a group.
    const terms = Math.ceil((h * w * c) / 256) + 16 + 256 + 2 * groupSize;
    expect(y).toMatchReference(reference.minibatchStddev(x, shape, groupSize), { terms });
    if (numel(shape) > 2000) return;
    const loss = (at: Float64Array) => dot(reference.minibatchStddev(at, shape, groupSize).data, g);
    const gradient = {
      data: numericalGradient(loss, x),
      magnitude: magnitudes(x, g, shape, groupSize),
    };
    expect(dx).toMatchReference({ ...gradient, shape }, { terms: 4 * (groupSize + h * w) + 8 });
  });

  test("appends 1e-4 to each sample alone, whose gradient is exactly zero", async ({ gpu }) => {
    const [n, h, w, c] = shape;
    const x = randomFloats(numel(shape), 23);
    const g = randomFloats(n * h * w * (c + 1), 24);
    const { y, dx } = await run(gpu, x, g, shape, groupSize, "per-sample");
    for (let pixel = 0; pixel < n * h * w; pixel++) {
      const row = x.subarray(pixel * c, (pixel + 1) * c);
      expect([...y.subarray(pixel * (c + 1), (pixel + 1) * (c + 1))]).toEqual([
        ...row,
        Math.fround(1e-4),
      ]);
      const kept = g.subarray(pixel * (c + 1), pixel * (c + 1) + c);
      expect([...dx.subarray(pixel * c, (pixel + 1) * c)]).toEqual([...kept]);
    }
  });
});

/**
 * What the gradient `g + S·d / (P·G·σ)` is made of: d is off by some ulps of the inputs (≤ 1), and
 * relatively to σ that counts twice, in d / σ and in σ itself. S ≤ G·H·W.
 */
function magnitudes(x: Float32Array, g: Float32Array, shape: Images, groupSize: number) {
  const [n, h, w, c] = shape;
  const size = Math.min(groupSize, n);
  const [stride, positions] = [(n / size) * h * w * c, h * w * c];
  return Float64Array.from(x, (_, i) => {
    const first = i % stride;
    const values = Array.from({ length: size }, (_, k) => x[first + k * stride]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / size;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    const sigma = Math.sqrt(variance + 1e-8);
    const slope = (h * w) / positions;
    return Math.abs(g[i + Math.floor(i / c)]!) + slope * (1 + 2 / sigma) * Math.sqrt(size);
  });
}

test("the comparison sees one perturbed element", async ({ gpu }) => {
  const shape = [4, 4, 4, 8] as const;
  const x = randomFloats(numel(shape), 25);
  const g = randomFloats(4 * 16 * 9, 26);
  const perturbed = x.with(100, x[100]! + 0.05);
  const { y } = await run(gpu, x, g, shape, 4, "batch");
  const { y: other } = await run(gpu, perturbed, g, shape, 4, "batch");
  expect(y[8]).not.toBe(other[8]);
  const expected = reference.minibatchStddev(perturbed, shape, 4);
  expect(y).not.toMatchReference(expected, { terms: 300 });
});

plainTest("refused batches say what is wrong and what to do", () => {
  expect(() => minibatchStddevGeometry([6, 4, 4, 512], 4, "batch")).toThrow(
    "minibatchStddev: a batch of 6 does not divide into groups of 4\n" +
      '  input  [6, 4, 4, 512]\nUse a batch that is a multiple of 4, or mode "per-sample".',
  );
  expect(() => minibatchStddevGeometry([6, 4, 4, 512], 0, "batch")).toThrow(
    "minibatchStddev: groupSize 0 is out of range\nPass an integer of at least 1.",
  );
  expect(minibatchStddevGeometry([3, 4, 4, 8], 4, "batch")).toMatchObject({
    groupSize: 3,
    groupCount: 1,
  });
  expect(minibatchStddevGeometry([6, 4, 4, 8], 4, "per-sample").groupCount).toBe(6);
});
