// Plan: every variant (both families, with lanes that exchange samples and without; grouped, direct,
// depthwise by shape) forward and both gradients against the float64 reference, at the boundaries of
// the tiles (8, 16 and 24 rows, 32 and 64 channels; 64 and 128 tiled), with strides, dilation, asymmetric padding and groups.

import fc from "fast-check";
import { describe } from "vitest";
import { Gpu, type KernelFamily } from "../../gpu/gpu.ts";
import { expect, test } from "../../test-gpu.ts";
import { conv2d, conv2dGradInput, conv2dGradWeight } from "./conv2d.ts";
import { type Conv2dGeometry, conv2dGeometry } from "./geometry.ts";
import {
  conv2dGradInputReference,
  conv2dGradWeightReference,
  conv2dReference,
} from "./reference.ts";
import { CASES, type Case, geometryOf, operands } from "./test-cases.ts";

async function checkAll(gpu: Gpu, g: Conv2dGeometry, seed: number): Promise<void> {
  const host = operands(g, seed);
  const groupInputs = g.c / g.groups;
  const input = gpu.upload(host.input, [g.n, g.h, g.w, g.c]);
  const weight = gpu.upload(host.weight, [g.kh, g.kw, groupInputs, g.o]);
  const bias = gpu.upload(host.bias, [g.o]);
  const gradOutput = gpu.upload(host.gradOutput, [g.n, g.oh, g.ow, g.o]);
  const output = conv2d(gpu, input, weight, g, { bias });
  const gradInput = conv2dGradInput(gpu, gradOutput, weight, g);
  const gradWeight = conv2dGradWeight(gpu, input, gradOutput, g);

  const taps = g.kh * g.kw;
  const values = await output.read();
  expect(values).toMatchReference(conv2dReference(host.input, host.weight, g, host.bias), {
    terms: taps * groupInputs + 2,
  });
  expect(await gradInput.read()).toMatchReference(
    conv2dGradInputReference(host.gradOutput, host.weight, g),
    { terms: (taps * g.o) / g.groups + 1 },
  );
  expect(await gradWeight.read()).toMatchReference(
    conv2dGradWeightReference(host.input, host.gradOutput, g),
    { terms: g.n * g.oh * g.ow + 2 },
  );
  for (const array of [input, weight, bias, gradOutput, output, gradInput, gradWeight]) {
    array.dispose();
  }
}

const gpus = new Map<string, Gpu>();
function gpuOf(device: GPUDevice, variant: "broadcast" | KernelFamily): Gpu {
  const kernels = variant === "broadcast" ? "registers" : variant;
  // Where lanes hand each other nothing, weight gradients go by windows.
  const conv2dGradWeight = variant === "registers" ? "windows" : variant;
  const overrides = { conv2d: variant, conv2dGradWeight };
  const gpu = gpus.get(variant) ?? new Gpu(device, { kernels, overrides });
  gpus.set(variant, gpu);
  return gpu;
}

const EPILOGUES = [
  { slope: 0.2, gain: Math.SQRT2, silu: false, residual: false },
  { slope: 1, gain: 1, silu: true, residual: true },
] as const;

/** One for each kernel, and for stores of four channels and of one. */
const EPILOGUE_SHAPES: readonly Case[] = [
  { input: [2, 5, 7, 8], kernel: [3, 3], outputs: 64, options: { padding: 1 } },
  { input: [1, 3, 3, 5], kernel: [3, 3], outputs: 33, options: { padding: 1 } },
  { input: [1, 5, 7, 12], kernel: [3, 3], outputs: 3, options: { padding: 1 } },
  { input: [1, 5, 6, 32], kernel: [3, 3], outputs: 32, options: { padding: 1, groups: 8 } },
  { input: [1, 5, 4, 9], kernel: [3, 3], outputs: 6, options: { padding: 1, groups: 3 } },
  { input: [2, 9, 10, 36], kernel: [3, 3], outputs: 36, options: { padding: 1, groups: 36 } },
];

async function checkEpilogue(
  gpu: Gpu,
  g: Conv2dGeometry,
  { slope, gain, silu, ...has }: (typeof EPILOGUES)[number],
): Promise<void> {
  const host = operands(g, 7);
  const shape = [g.n, g.oh, g.ow, g.o];
  const input = gpu.upload(host.input, [g.n, g.h, g.w, g.c]);
  const weight = gpu.upload(host.weight, [g.kh, g.kw, g.c / g.groups, g.o]);
  const bias = gpu.upload(host.bias, [g.o]);
  const residual = has.residual ? gpu.upload(host.gradOutput, shape) : null;
  const output = conv2d(gpu, input, weight, g, { bias, residual, scale: 0.5, slope, gain, silu });
  const sum = conv2dReference(host.input, host.weight, g);
  const data = sum.data.map((value, i) => {
    const v = 0.5 * value + host.bias[i % g.o]! + (has.residual ? host.gradOutput[i]! : 0);
    return silu ? v / (1 + Math.exp(-v)) : gain * (v > 0 ? v : slope * v);
  });
  // |bias|, |residual| ≤ 1. The slope of a SiLU is at most 1.1, and its exponential is off by
  // 3 + 2 |v| ulp.
  const magnitude = sum.magnitude.map((m) => (silu ? (m + 2) * (m + 4) : m + 2));
  const terms = (g.kh * g.kw * g.c) / g.groups + 6;
  expect(await output.read()).toMatchReference({ data, magnitude, shape }, { terms });
  for (const array of [input, weight, bias, residual, output]) array?.dispose();
}

describe.each(["broadcast", "registers", "tiled"] as const)("%s kernels", (family) => {
  test.for(Object.entries(CASES))("match the reference: %s", async ([, shape], { device }) => {
    await checkAll(gpuOf(device, family), geometryOf(shape), 1);
  });

  test("match the reference at any small shape", async ({ device }) => {
    const gpu = gpuOf(device, family);
    const small = fc.record({
      n: fc.integer({ min: 1, max: 3 }),
      h: fc.integer({ min: 1, max: 9 }),
      w: fc.integer({ min: 1, max: 9 }),
      c: fc.integer({ min: 1, max: 9 }),
      kh: fc.integer({ min: 1, max: 4 }),
      kw: fc.integer({ min: 1, max: 4 }),
      o: fc.integer({ min: 1, max: 9 }),
      groups: fc.constantFrom(1, 1, 2, 4),
      stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
      padding: fc.tuple(
        ...([0, 0, 0, 0].map(() => fc.integer({ min: 0, max: 3 })) as [
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
        ]),
      ),
    });
    await fc.assert(
      fc.asyncProperty(small, fc.integer({ min: 0, max: 1000 }), async (s, seed) => {
        const [top, bottom, left, right] = s.padding;
        fc.pre(s.h + top + bottom > s.dilation[0] * (s.kh - 1));
        fc.pre(s.w + left + right > s.dilation[1] * (s.kw - 1));
        const g = conv2dGeometry(
          [s.n, s.h, s.w, s.c * s.groups],
          [s.kh, s.kw, s.c, s.o * s.groups],
          s,
        );
        await checkAll(gpu, g, seed);
      }),
      { numRuns: 40 },
    );
  });

  test.for(EPILOGUES)("the epilogue computes %j", async (behind, { device }) => {
    const gpu = gpuOf(device, family);
    for (const shape of EPILOGUE_SHAPES) await checkEpilogue(gpu, geometryOf(shape), behind);
  });
});

test("a perturbed weight does not match: the tolerance can fail", async ({ gpu }) => {
  const g = geometryOf(CASES["64 outputs"] as Case);
  const host = operands(g, 3);
  const input = gpu.upload(host.input, [g.n, g.h, g.w, g.c]);
  const weight = gpu.upload(host.weight, [g.kh, g.kw, g.c, g.o]);
  const output = conv2d(gpu, input, weight, g);
  const actual = await output.read();
  host.weight[5]! += 1e-3;
  const reference = conv2dReference(host.input, host.weight, g);
  expect(() => expect(actual).toMatchReference(reference, { terms: 74 })).toThrow();
  for (const array of [input, weight, output]) array.dispose();
});

test("NaN and infinity stay where they belong", async ({ gpu }) => {
  const g = conv2dGeometry([1, 3, 3, 4], [3, 3, 4, 4], { padding: 1 });
  const host = new Float32Array(36).fill(1);
  host[0] = Number.NaN;
  host[35] = Number.NEGATIVE_INFINITY;
  const input = gpu.upload(host, [1, 3, 3, 4]);
  const weight = gpu.upload(new Float32Array(144).fill(1), [3, 3, 4, 4]);
  const output = conv2d(gpu, input, weight, g, { slope: 0 });
  const values = await output.read();
  expect(values[0]).toBeNaN(); // its window holds the NaN
  expect(values[35]).toBe(0); // ReLU(−∞)
  expect(values[8]).toBe(16); // top right: neither
  for (const array of [input, weight, output]) array.dispose();
});

test("columns of output beyond the last do not meet an infinity of the input", async ({ gpu }) => {
  const g = conv2dGeometry([1, 1, 3, 8], [1, 3, 8, 4], { padding: [0, 1] });
  const host = new Float32Array(24).fill(1);
  host[16] = Number.POSITIVE_INFINITY; // the last column, which the first tap never meets
  const input = gpu.upload(host, [1, 1, 3, 8]);
  const gradOutput = gpu.upload(new Float32Array(12).fill(1), [1, 1, 3, 4]);
  const gradWeight = conv2dGradWeight(gpu, input, gradOutput, g);
  const values = await gradWeight.read();
  expect(values[0]).toBe(2);
  expect(values[32]).toBe(Number.POSITIVE_INFINITY);
  for (const array of [input, gradOutput, gradWeight]) array.dispose();
});

test("the same inputs give the same bits", async ({ gpu }) => {
  const g = geometryOf(CASES["3×3/2"] as Case);
  const host = operands(g, 5);
  const input = gpu.upload(host.input, [g.n, g.h, g.w, g.c]);
  const gradOutput = gpu.upload(host.gradOutput, [g.n, g.oh, g.ow, g.o]);
  const runs: Float32Array[] = [];
  for (let i = 0; i < 3; i++) {
    const gradWeight = conv2dGradWeight(gpu, input, gradOutput, g);
    runs.push(await gradWeight.read());
    gradWeight.dispose();
  }
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
  input.dispose();
  gradOutput.dispose();
});

test("a written weight is transposed again", async ({ gpu }) => {
  const g = conv2dGeometry([1, 1, 1, 4], [1, 1, 4, 4]);
  const gradOutput = gpu.upload([1, 0, 0, 0], [1, 1, 1, 4]);
  const weight = gpu.upload(new Float32Array(16).fill(1), [1, 1, 4, 4]);
  const before = conv2dGradInput(gpu, gradOutput, weight, g);
  gpu.write(weight, new Float32Array(16).fill(2));
  const after = conv2dGradInput(gpu, gradOutput, weight, g);
  expect([...(await before.read())]).toEqual([1, 1, 1, 1]);
  expect([...(await after.read())]).toEqual([2, 2, 2, 2]);
  for (const array of [gradOutput, weight, before, after]) array.dispose();
});

test("one weight under two shapes is transposed for each", async ({ gpu }) => {
  const values = Float32Array.from({ length: 16 }, (_, i) => i);
  const kernel = gpu.upload(values, [2, 2, 2, 2]);
  const dense = kernel.reshape([1, 1, 8, 2]);
  const gradOutput = gpu.upload([1, 0], [1, 1, 1, 2]);
  const asKernel = conv2dGradInput(
    gpu,
    gradOutput,
    kernel,
    conv2dGeometry([1, 2, 2, 2], [2, 2, 2, 2]),
  );
  const asDense = conv2dGradInput(
    gpu,
    gradOutput,
    dense,
    conv2dGeometry([1, 1, 1, 8], [1, 1, 8, 2]),
  );
  expect([...(await asKernel.read())]).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  expect([...(await asDense.read())]).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  for (const array of [kernel, dense, gradOutput, asKernel, asDense]) array.dispose();
});

describe("messages", () => {
  test("channels that do not agree", () => {
    expect(() => conv2dGeometry([8, 224, 224, 4], [7, 7, 3, 64])).toThrow(
      "conv2d: input has 4 channels, weight expects 3 (weight.shape[2] = 3, groups = 1)\n" +
        "  input   [8, 224, 224, 4]\n  weight  [7, 7, 3, 64]\n" +
        "Pass an input with 3 channels, or choose groups so that " +
        "input channels = weight.shape[2] × groups.",
    );
  });

  test("a kernel larger than the padded input", () => {
    expect(() => conv2dGeometry([1, 3, 9, 1], [5, 5, 1, 1], { dilation: 2, padding: 1 })).toThrow(
      "conv2d: kernel of 9×9 exceeds the padded input of 5×11",
    );
  });

  test("options that are no sizes, and a bias or residual of the wrong size", ({ gpu }) => {
    expect(() => conv2dGeometry([1, 3, 3, 1], [1, 1, 1, 1], { stride: 0 })).toThrow(
      "conv2d: stride [0,0] must be integers of at least 1",
    );
    const g = conv2dGeometry([1, 1, 1, 1], [1, 1, 1, 2]);
    const one = gpu.zeros([1]);
    expect(() => conv2d(gpu, one, one, g, { bias: one })).toThrow(
      "conv2d: bias [1] must be [2], one per output channel",
    );
    expect(() => conv2d(gpu, one, one, g, { residual: one })).toThrow(
      "conv2d: the residual is not of the output's shape\n" +
        "  residual  [1]\n  output    [1, 1, 1, 2]\n" +
        "Bring it to that shape first, with a convolution of its own.",
    );
    one.dispose();
  });
});
