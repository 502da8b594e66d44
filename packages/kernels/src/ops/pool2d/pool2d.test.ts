import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { numel } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import {
  adaptiveAvgPool2d,
  adaptiveAvgPool2dGeometry,
  adaptiveAvgPool2dGradInput,
  avgPool2d,
  avgPool2dGeometry,
  avgPool2dGradInput,
} from "./avg-pool2d.ts";
import { maxPool2d, maxPool2dGeometry, maxPool2dGradInput } from "./max-pool2d.ts";
import * as reference from "./reference.ts";

type Images = readonly [number, number, number, number];

/** Reads arrays and disposes them. */
async function take(...arrays: GpuArray[]): Promise<Float32Array<ArrayBuffer>[]> {
  const values = await Promise.all(arrays.map((array) => array.read()));
  for (const array of arrays) array.dispose();
  return values;
}

async function runMaxPool(
  gpu: Gpu,
  x: Float32Array<ArrayBuffer>,
  shape: Images,
  options: reference.ReferenceWindows,
) {
  const geometry = maxPool2dGeometry(shape, options);
  const g = randomFloats(numel(geometry.output), 2);
  const input = gpu.upload(x, shape);
  const gradOutput = gpu.upload(g, geometry.output);
  const { output, indices } = maxPool2d(gpu, input, geometry);
  const gradInput = maxPool2dGradInput(gpu, gradOutput, indices, geometry);
  for (const array of [input, gradOutput, indices]) array.dispose();
  const [y, dx] = await take(output, gradInput);
  return { y: y!, g, dx: dx! };
}

// 5 × 4 pixels, 2 channels: (7·i mod 11) − 5.
const GOLDEN_SHAPE = [1, 5, 4, 2] as const;
const GOLDEN = Float32Array.from({ length: 40 }, (_, i) => ((i * 7) % 11) - 5);
const GOLDEN_WINDOWS = {
  kernelSize: [3, 3],
  stride: [2, 2],
  padding: [1, 1],
  ceilMode: true,
} as const;
// import torch, torch.nn.functional as F
// x = ((torch.arange(40).float() * 7) % 11 - 5).reshape(1, 5, 4, 2).permute(0, 3, 1, 2)
// x = x.double().requires_grad_(); nhwc = lambda t: t.permute(0, 2, 3, 1).flatten().tolist()
// y = F.max_pool2d(x, 3, 2, 1, ceil_mode=True)                                  # MAX
// F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)                                      # AVG
// F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)             # AVG_INSIDE
// F.adaptive_avg_pool2d(x, (3, 3))                                              # ADAPTIVE
// F.max_pool2d(x, 2, 1, 1, dilation=2)                                          # DILATED
const MAX = [-1, 5, 5, 5, 5, 1, 1, 5, 5, 3, 5, 3, 2, 5, 5, 4, -3, 4];
const AVG = [
  [-1.333333, 0.555556, 1, -0.444444, 1.5, 0.166667, -1, 0, 0.555556],
  [-1, -0.666667, 1, 0, -0.555556, 0.555556, 0.333333, -1.166667, 1.166667],
].flat();
const AVG_INSIDE = [
  [-3, 1.25, 1.5, -0.666667, 4.5, 0.5, -1.5, 0, 0.555556],
  [-1, -1.333333, 2, 0, -1.25, 0.833333, 0.5, -3.5, 3.5],
].flat();
const ADAPTIVE = [
  [-3, 1.25, 0, -1.25, 3, -1, -1.5, 0, 1.5],
  [-2.5, 0.833333, 0.5, 0, -1.25, 3, -1, 0.5, 2],
].flat();
const DILATED = [
  [-1, -5, 2, 3, 5, 1, 2, -2, 0, 5, 3, 4, 4, 5, 3, -1, 1, -3, 4, 5],
  [5, 3, 4, 0, 2, -2, 5, 4, 2, 4, 5, 1, 1, -3, 4, 5, 1, 3, 4, 0],
].flat();

describe("the reference agrees with PyTorch", () => {
  const near = (actual: ArrayLike<number>, expected: readonly number[]) => {
    expect(Array.from(actual, (value) => Math.round(value * 1e6) / 1e6 + 0)).toEqual(expected);
  };
  plainTest("for each kind of pooling", () => {
    near(reference.maxPool2d(GOLDEN, GOLDEN_SHAPE, GOLDEN_WINDOWS).data, MAX);
    near(reference.avgPool2d(GOLDEN, GOLDEN_SHAPE, GOLDEN_WINDOWS).data, AVG);
    const inside = { ...GOLDEN_WINDOWS, countIncludePad: false };
    near(reference.avgPool2d(GOLDEN, GOLDEN_SHAPE, inside).data, AVG_INSIDE);
    near(reference.adaptiveAvgPool2d(GOLDEN, GOLDEN_SHAPE, [3, 3]).data, ADAPTIVE);
    const dilated = {
      kernelSize: [2, 2],
      stride: [1, 1],
      padding: [1, 1],
      dilation: [2, 2],
    } as const;
    near(reference.maxPool2d(GOLDEN, GOLDEN_SHAPE, dilated).data, DILATED);
  });
});

// Three values only: windows are full of ties.
// x = (((torch.arange(40.) * 7) % 11) // 4).reshape(1, 5, 4, 2).permute(0, 3, 1, 2)
// y = F.max_pool2d(x.double().requires_grad_(), 3, 2, 1, ceil_mode=True)              # TIED_MAX
// g = torch.arange(1., 19).reshape(1, 3, 3, 2).permute(0, 3, 1, 2)
// torch.autograd.grad((y * g).sum(), x)                                           # TIED_GRADIENT
const TIED = GOLDEN.map((value) => Math.floor((value + 5) / 4));
const TIED_MAX = [1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 1, 2, 2, 2, 0, 2];
const TIED_GRADIENT = [
  [0, 0, 0, 6, 0, 0, 8, 6, 0, 8, 8, 0, 0, 0, 20, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 14, 13, 0, 15, 0, 17, 56, 0, 0, 0, 0, 0, 0, 0, 0],
].flat();

test("of equal maxima the first in row-major order receives the gradient", async ({ gpu }) => {
  const geometry = maxPool2dGeometry(GOLDEN_SHAPE, GOLDEN_WINDOWS);
  const input = gpu.upload(TIED, GOLDEN_SHAPE);
  const { output, indices } = maxPool2d(gpu, input, geometry);
  const steps = Array.from({ length: 18 }, (_, i) => i + 1);
  const gradOutput = gpu.upload(steps, geometry.output);
  const gradInput = maxPool2dGradInput(gpu, gradOutput, indices, geometry);
  for (const array of [input, indices, gradOutput]) array.dispose();
  const [y, dx] = await take(output, gradInput);
  expect([...y!]).toEqual(TIED_MAX);
  expect([...dx!]).toEqual(TIED_GRADIENT);
});

interface Case extends reference.ReferenceWindows {
  readonly shape: Images;
}

const CASES: readonly Case[] = [
  { shape: [2, 8, 8, 8], kernelSize: [2, 2], stride: [2, 2] },
  { shape: [1, 7, 9, 4], kernelSize: [3, 3], stride: [2, 2], padding: [1, 1] },
  { shape: [2, 7, 6, 3], kernelSize: [3, 3], stride: [2, 2], padding: [1, 1], ceilMode: true },
  { shape: [1, 5, 11, 5], kernelSize: [3, 2], stride: [1, 3], padding: [1, 0], ceilMode: true },
  { shape: [1, 3, 3, 1], kernelSize: [3, 3], stride: [1, 1], padding: [1, 1] },
  { shape: [1, 1, 1, 4], kernelSize: [1, 1], stride: [1, 1] },
  { shape: [1, 6, 5, 4], kernelSize: [2, 2], stride: [3, 3], ceilMode: true },
];

const DILATIONS: readonly Case[] = [
  { shape: [1, 7, 8, 4], kernelSize: [3, 2], stride: [1, 2], padding: [1, 1], dilation: [2, 3] },
  { shape: [2, 6, 7, 3], kernelSize: [2, 3], stride: [2, 1], dilation: [3, 2], ceilMode: true },
  // More places than a byte holds: a word for each channel.
  { shape: [1, 17, 16, 4], kernelSize: [17, 16], stride: [1, 1] },
];

describe.each([...CASES, ...DILATIONS])("maxPool2d %j", ({ shape, ...options }) => {
  test("matches the reference, and its gradient the differences", async ({ gpu }) => {
    const x = randomFloats(numel(shape), 1);
    const { y, g, dx } = await runMaxPool(gpu, x, shape, options);
    expect(y).toMatchReference(reference.maxPool2d(x, shape, options), { terms: 0 });
    // The slope of a maximum is 0 or 1: at most 9 windows' gradients, of at most 1, arrive.
    const loss = (at: Float64Array) => dot(reference.maxPool2d(at, shape, options).data, g);
    const gradient = numericalGradient(loss, x);
    const magnitude = new Float64Array(x.length).fill(9);
    expect(dx).toMatchReference({ data: gradient, magnitude, shape }, { terms: 9 });
  });
});

describe.each(CASES)("avgPool2d %j", ({ shape, ...windows }) => {
  test.for([true, false])(
    "matches the reference, padding counted: %s",
    async (counted, { gpu }) => {
      const options = { ...windows, countIncludePad: counted };
      const geometry = avgPool2dGeometry(shape, options);
      const x = randomFloats(numel(shape), 3);
      const g = randomFloats(numel(geometry.output), 4);
      const [input, gradOutput] = [gpu.upload(x, shape), gpu.upload(g, geometry.output)];
      const results = [
        avgPool2d(gpu, input, geometry),
        avgPool2dGradInput(gpu, gradOutput, geometry),
      ];
      for (const array of [input, gradOutput]) array.dispose();
      const [y, dx] = await take(...results);
      const terms = options.kernelSize[0] * options.kernelSize[1] + 1;
      expect(y).toMatchReference(reference.avgPool2d(x, shape, options), { terms });
      const pooled = (at: Float64Array) => reference.avgPool2d(at, shape, options).data;
      expectAdjoint(dx!, pooled, g, shape, terms);
    },
  );
});

const ADAPTIVE_CASES: readonly { shape: Images; size: readonly [number, number] }[] = [
  { shape: [2, 8, 8, 4], size: [7, 7] },
  { shape: [1, 7, 5, 3], size: [3, 4] },
  { shape: [1, 6, 6, 4], size: [6, 1] },
  { shape: [3, 1, 1, 4], size: [1, 1] },
  { shape: [2, 8, 8, 5], size: [1, 1] },
  { shape: [2, 5, 13, 8], size: [1, 1] },
  { shape: [1, 13, 11, 6], size: [1, 1] },
];

describe.each(ADAPTIVE_CASES)("adaptiveAvgPool2d %j", ({ shape, size }) => {
  test("matches the reference, and its gradient is the adjoint", async ({ gpu }) => {
    const geometry = adaptiveAvgPool2dGeometry(shape, size);
    const x = randomFloats(numel(shape), 5);
    const g = randomFloats(numel(geometry.output), 6);
    const [input, gradOutput] = [gpu.upload(x, shape), gpu.upload(g, geometry.output)];
    const results = [
      adaptiveAvgPool2d(gpu, input, geometry),
      adaptiveAvgPool2dGradInput(gpu, gradOutput, geometry),
    ];
    for (const array of [input, gradOutput]) array.dispose();
    const [y, dx] = await take(...results);
    const terms = Math.ceil(shape[1] / size[0] + 1) * Math.ceil(shape[2] / size[1] + 1) + 2;
    expect(y).toMatchReference(reference.adaptiveAvgPool2d(x, shape, size), { terms });
    const pooled = (at: Float64Array) => reference.adaptiveAvgPool2d(at, shape, size).data;
    expectAdjoint(dx!, pooled, g, shape, terms);
  });
});

/** The gradient of `⟨pooled(x), g⟩`: its magnitude is that of `⟨pooled(x), |g|⟩`. */
function expectAdjoint(
  dx: Float32Array,
  pooled: (at: Float64Array) => Float64Array,
  g: Float32Array,
  shape: Images,
  terms: number,
): void {
  const zero = new Float64Array(numel(shape));
  const magnitudes = g.map(Math.abs);
  const data = numericalGradient((at) => dot(pooled(at), g), zero);
  const magnitude = numericalGradient((at) => dot(pooled(at), magnitudes), zero);
  expect(dx).toMatchReference({ data, magnitude, shape }, { terms });
}

test("the comparison sees one perturbed element", async ({ gpu }) => {
  const shape = [1, 8, 8, 4] as const;
  const options = { kernelSize: [3, 3], stride: [2, 2], padding: [1, 1] } as const;
  const x = randomFloats(numel(shape), 1);
  const expected = reference.avgPool2d(x, shape, options);
  const perturbed = x.with(7, x[7]! + 1e-4);
  const input = gpu.upload(perturbed, shape);
  const [y] = await take(avgPool2d(gpu, input, avgPool2dGeometry(shape, options)));
  input.dispose();
  expect(y).not.toMatchReference(expected, { terms: 10 });
});

plainTest("refused sizes say what is wrong and what to do", () => {
  expect(() => maxPool2dGeometry([3, 8, 8], { kernelSize: 2 })).toThrow(
    "maxPool2d: input has 3 axes, expected 4\n  input  [3, 8, 8]\nPass [N, H, W, C].",
  );
  expect(() => avgPool2dGeometry([1, 8, 8, 3], { kernelSize: 3, padding: 2 })).toThrow(
    "avgPool2d: padding 2 is more than half of kernelSize 3\n  input  [1, 8, 8, 3]\n" +
      "Pad by at most half the kernel, or pad the input beforehand.",
  );
  expect(() => maxPool2dGeometry([1, 8, 2, 3], { kernelSize: 3 })).toThrow(
    "maxPool2d: a window of 3 elements at dilation 1 does not fit width 2 with padding 0\n" +
      "  input  [1, 8, 2, 3]\nUse a smaller kernel or dilation, or a larger input.",
  );
  // The only window's two elements are both in the padding: positions −1 and 2 of a width of 2.
  const gap = { kernelSize: [1, 2], padding: [0, 1], dilation: [1, 3] } as const;
  expect(() => maxPool2dGeometry([1, 2, 2, 3], gap)).toThrow("does not fit width 2");
  expect(() => maxPool2dGeometry([1, 8, 8, 3], { kernelSize: [2, 0] })).toThrow(
    "maxPool2d: kernelSize = [2, 0] is out of range\nPass integers of at least 1.",
  );
  expect(() => adaptiveAvgPool2dGeometry([1, 8, 8, 3], [9, 4])).toThrow(
    "adaptiveAvgPool2d: outputSize [9, 4] is larger than the input\n  input  [1, 8, 8, 3]\n" +
      "Pool to at most height and width of the input; interpolate to enlarge.",
  );
});
