// Plan: the kernel on subgroup matrices against the float64 reference of the values that f16 holds, on
// both sides of its tiles (down, across and deep) in both of its sizes, with taps, strides, groups
// and everything that follows the sum; that it is what ran; when others run instead. Where the
// adapter has no such matrices the tests say so; docs/kernels.md says which adapter has.

import { test } from "@fauxgrad/testing";
import { describe } from "vitest";
import { Gpu } from "../../gpu/gpu.ts";
import { matrixShape } from "../../gpu/matrices.ts";
import { byKernel } from "../../gpu/profiler.ts";
import { expect } from "../../test-gpu.ts";
import { matmul, matmulGeometry } from "../matmul/matmul.ts";
import { conv2d } from "./conv2d.ts";
import { takesMatrices } from "./matrices.ts";
import { type Case, geometryOf } from "./test-cases.ts";
import { dispose, expected, type FloatTypes, halfOperands, upload } from "./test-halves.ts";

/**
 * Sides of tiles: 32 matrices' rows and columns of 8 or 16 in the small size, 64 and 128 in the
 * large; slices are 32 deep.
 */
const SIZES: readonly (readonly [m: number, k: number, n: number])[] = [
  [1, 4, 8],
  [31, 32, 32],
  [32, 36, 28],
  [33, 28, 36],
  [63, 64, 128],
  [65, 68, 132],
  [129, 4, 260],
  [257, 40, 64],
];

const SHAPES: Record<string, Case> = {
  "3×3": { input: [1, 7, 6, 32], kernel: [3, 3], outputs: 36, options: { padding: 1 } },
  "3×3/2 of two images": {
    input: [2, 9, 7, 20],
    kernel: [3, 3],
    outputs: 64,
    options: { padding: 1, stride: 2 },
  },
  "dilated 2×3": {
    input: [1, 11, 12, 8],
    kernel: [2, 3],
    outputs: 12,
    options: { dilation: [2, 3], padding: [2, 1] },
  },
  "two groups of 36": {
    input: [1, 5, 7, 24],
    kernel: [3, 3],
    outputs: 72,
    options: { padding: 1, groups: 2 },
  },
  "large tiles": { input: [1, 63, 66, 12], kernel: [1, 1], outputs: 516 },
};

/** A matrix product as a convolution. */
const product = ([m, k, n]: (typeof SIZES)[number]): Case => {
  return { input: [m, 1, 1, k], kernel: [1, 1], outputs: n };
};

const ALL = [
  ...SIZES.map((size) => [size.join(" × "), product(size)] as const),
  ...Object.entries(SHAPES),
];

test.for(ALL)("%s", async ([, shape], { matrices }) => {
  const gpu = new Gpu(matrices.device, { matrices: matrices.configs });
  const g = geometryOf(shape);
  const host = halfOperands(g, 5);
  const { input, weight, bias, residual } = upload(gpu, g, host);
  expect(takesMatrices(gpu, input, weight, g)).toBe(true);
  const output = conv2d(gpu, input, weight, g, { bias, residual, scale: 0.5, slope: 0.25 });
  expect(output.dtype).toBe("f16");
  expect(await output.read()).toMatchReference(expected(g, host, true), { terms: 1 });
  const again = conv2d(gpu, input, weight, g, { bias, residual, scale: 0.5, slope: 0.25 });
  expect(await again.read()).toEqual(await output.read());
  dispose({ input, weight, bias, residual, output, again });
  expect(gpu.stats.arrays).toBe(0);
  gpu.destroy();
});

test("the tolerance can fail: a weight off by 2⁻⁷ shows", async ({ matrices }) => {
  const gpu = new Gpu(matrices.device, { matrices: matrices.configs });
  const g = geometryOf(product([33, 28, 36]));
  const host = halfOperands(g, 9);
  const { input, weight, bias, residual } = upload(gpu, g, host);
  const output = conv2d(gpu, input, weight, g, { bias, residual, scale: 0.5, slope: 0.25 });
  const values = await output.read();
  expect(values).toMatchReference(expected(g, host, true), { terms: 1 });
  host.weight[5]! += 2 ** -7;
  expect(values).not.toMatchReference(expected(g, host, true), { terms: 1 });
  gpu.destroy();
});

test("sums are f32, and the kernel is the one that ran", async ({ matrices }) => {
  const gpu = new Gpu(matrices.device, { matrices: matrices.configs });
  const k = 4100;
  const g = matmulGeometry([1, k], [k, 8]);
  const a = gpu.upload(new Float32Array(k).fill(1), [1, k], "f16");
  const b = gpu.upload(new Float32Array(8 * k).fill(1).fill(0.5, 8 * k - 8), [k, 8], "f16");
  const { dispatches } = await gpu.profile(() => matmul(gpu, a, b, g).dispose());
  expect(byKernel(dispatches).map(({ name }) => name)).toEqual(["conv2d.matrices"]);
  const output = matmul(gpu, a, b, g);
  // 4099.5 lies between 4096 + 0 and 4096 + 4 in f16; a sum in f16 would have stopped at 2048.
  expect([4096, 4100]).toContain((await output.read())[0]);
  gpu.destroy();
});

describe("other kernels run", () => {
  const g = geometryOf(product([33, 28, 36]));
  const narrow = geometryOf(product([33, 28, 3]));

  test.for([
    ["unless matrices are given", {}, g, ["f16", "f16"]],
    ["where a variant is forced", { overrides: { conv2d: "tiled" } }, g, ["f16", "f16"]],
    ["of an input in f32", { given: true }, g, ["f32", "f16"]],
    ["of a weight in f32", { given: true }, g, ["f16", "f32"]],
    ["of three outputs", { given: true }, narrow, ["f16", "f16"]],
  ] as const)("%s", async ([, options, sizes, types], { matrices }) => {
    const { configs, device } = matrices;
    const isGiven = "given" in options || "overrides" in options;
    const overrides = "overrides" in options ? options.overrides : {};
    const gpu = new Gpu(device, { overrides, ...(isGiven ? { matrices: configs } : {}) });
    const host = halfOperands(sizes, 3);
    const { input, weight, bias, residual } = upload(gpu, sizes, host, types as FloatTypes);
    expect(takesMatrices(gpu, input, weight, sizes)).toBe(false);
    const output = conv2d(gpu, input, weight, sizes, { bias, residual, scale: 0.5, slope: 0.25 });
    const reference = expected(sizes, host, types[0] === "f16");
    expect(await output.read()).toMatchReference(reference, { terms: 1 });
    gpu.destroy();
  });
});

const f16 = { componentType: "f16", resultComponentType: "f16", M: 16, N: 16, K: 32 };
const small = { componentType: "f16", resultComponentType: "f32", M: 16, N: 8, K: 16 };
const large = { ...small, N: 16 };

/** A device as far as it is asked, with subgroups of 32. */
function deviceWith(features: readonly string[], subgroupMaxSize = 32) {
  const adapterInfo = { subgroupMinSize: 32, subgroupMaxSize } as GPUAdapterInfo;
  const limits = {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupStorageSize: 49_152,
  } as GPUSupportedLimits;
  return { features: new Set(features) as unknown as GPUSupportedFeatures, adapterInfo, limits };
}

test("the largest matrices with sums in f32 are taken", ({ expect: it }) => {
  const all = ["chromium-experimental-subgroup-matrix", "shader-f16", "subgroups"];
  const device = deviceWith(all);
  it(matrixShape(device, [f16, small, large])).toEqual({
    m: 16,
    n: 16,
    k: 16,
    lanes: 32,
    maxInvocations: 1024,
    maxWorkgroupBytes: 49_152,
  });
  it(matrixShape(device, [f16])).toBeNull();
  it(matrixShape(deviceWith(all.slice(1)), [large])).toBeNull();
  it(matrixShape(deviceWith(all, 64), [large])).toBeNull();
});
