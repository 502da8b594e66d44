// Plan: every kernel of the forward pass with operands in f16, all of them or only the weight,
// against the float64 reference of the values that f16 holds. Beside the roundings of the sum, the
// output has one of the store: WGSL leaves its direction open, so 2⁻¹⁰ of the value, or the smallest
// normal f16 where that is more (subnormals may be flushed).

import { describe } from "vitest";
import { Gpu } from "../../gpu/gpu.ts";
import { expect, test } from "../../test-gpu.ts";
import { matmul, matmulGeometry } from "../matmul/matmul.ts";
import { conv2d, conv2dGradInput, conv2dGradWeight } from "./conv2d.ts";
import { conv2dGeometry } from "./geometry.ts";
import { type Case, geometryOf } from "./test-cases.ts";
import { dispose, expected, type FloatTypes, halfOperands, upload } from "./test-halves.ts";

/** One for each kernel, on both sides of its tiles, and for stores of four channels and of one. */
const SHAPES: Record<string, Case> = {
  "one row over a tile, 33 outputs": {
    input: [1, 3, 3, 5],
    kernel: [3, 3],
    outputs: 33,
    options: { padding: 1 },
  },
  "64 outputs, stride 2": {
    input: [2, 9, 7, 8],
    kernel: [3, 3],
    outputs: 64,
    options: { padding: 1, stride: 2 },
  },
  "65 outputs of 1×1": { input: [1, 5, 13, 20], kernel: [1, 1], outputs: 65 },
  winograd: { input: [1, 7, 6, 32], kernel: [3, 3], outputs: 36, options: { padding: 1 } },
  narrow: { input: [1, 5, 7, 12], kernel: [3, 3], outputs: 3, options: { padding: 1 } },
  grouped: {
    input: [1, 5, 6, 32],
    kernel: [3, 3],
    outputs: 32,
    options: { padding: 1, groups: 8 },
  },
  direct: { input: [1, 5, 4, 9], kernel: [3, 3], outputs: 6, options: { padding: 1, groups: 3 } },
  depthwise: {
    input: [2, 9, 10, 36],
    kernel: [3, 3],
    outputs: 36,
    options: { padding: 1, groups: 36 },
  },
};

/** Of input and weight. */
const TYPES: readonly FloatTypes[] = [
  ["f16", "f16"],
  ["f16", "f32"],
  ["f32", "f16"],
];

/** Shapes that take each alone: what reads one operand does not know how the other is stored. */
const MIXED = {
  broadcast: ["65 outputs of 1×1", "winograd"],
  registers: ["65 outputs of 1×1"],
  tiled: ["65 outputs of 1×1"],
};

describe.each(["broadcast", "registers", "tiled"] as const)("%s kernels", (variant) => {
  test.for(Object.entries(SHAPES))("take f16: %s", async ([name, shape], { device }) => {
    const overrides = variant === "broadcast" ? {} : { conv2d: variant };
    const kernels = variant === "tiled" ? "tiled" : "registers";
    const gpu = new Gpu(device, { kernels, overrides });
    const g = geometryOf(shape);
    const host = halfOperands(g, 5);
    for (const types of MIXED[variant].includes(name) ? TYPES : TYPES.slice(0, 1)) {
      const { input, weight, bias, residual } = upload(gpu, g, host, types);
      const output = conv2d(gpu, input, weight, g, { bias, residual, scale: 0.5, slope: 0.25 });
      expect(output.dtype).toBe(types[0]);
      const reference = expected(g, host, types[0] === "f16");
      expect(await output.read(), types.join()).toMatchReference(reference, { terms: 1 });
      dispose({ input, weight, bias, residual, output });
    }
    gpu.destroy();
  });
});

test("the tolerance can fail: a weight off by 2⁻⁷ shows", async ({ gpu }) => {
  const g = geometryOf(SHAPES["65 outputs of 1×1"] as Case);
  const host = halfOperands(g, 9);
  const { input, weight, bias, residual } = upload(gpu, g, host);
  const output = conv2d(gpu, input, weight, g, { bias, residual, scale: 0.5, slope: 0.25 });
  const values = await output.read();
  expect(values).toMatchReference(expected(g, host, true), { terms: 1 });
  host.weight[5]! += 2 ** -7;
  expect(values).not.toMatchReference(expected(g, host, true), { terms: 1 });
  dispose({ input, weight, bias, residual, output });
});

test("sums are f32: four thousand ones, and a half of the last", async ({ gpu }) => {
  const k = 4100;
  const g = matmulGeometry([1, k], [k, 4]);
  const a = gpu.upload(new Float32Array(k).fill(1), [1, k], "f16");
  const b = gpu.upload(new Float32Array(4 * k).fill(1).fill(0.5, 4 * k - 4), [k, 4], "f16");
  const output = matmul(gpu, a, b, g);
  // 4099.5 lies between 4096 + 0 and 4096 + 4 in f16; a sum in f16 would have stopped at 2048.
  expect([4096, 4100]).toContain((await output.read())[0]);
  dispose({ a, b, output });
});

test("products of matrices take f16, and beyond 65504 it is infinite", async ({ gpu }) => {
  const g = matmulGeometry([2, 3], [3, 2]);
  const a = gpu.upload([1, 2, 3, 200, 200, 200], [2, 3], "f16");
  const b = gpu.upload([1, 4, 2, 5, 3, 60000], [3, 2], "f16");
  const output = matmul(gpu, a, b, g);
  expect(output.shape).toEqual([2, 2]);
  expect(output.dtype).toBe("f16");
  const values = await output.read();
  expect([values[0], values[2]]).toEqual([14, 1200]);
  expect([values[1], values[3]]).toEqual([Infinity, Infinity]);
  dispose({ a, b, output });
});

test("a packed weight is made again when the weight is written", async ({ gpu }) => {
  const g = conv2dGeometry([1, 1, 1, 4], [1, 1, 4, 3]);
  const input = gpu.upload([1, 0, 0, 0], [1, 1, 1, 4], "f16");
  const weight = gpu.upload(new Float32Array(12).fill(1), [1, 1, 4, 3], "f16");
  const before = conv2d(gpu, input, weight, g);
  gpu.write(weight, new Float32Array(12).fill(2));
  const after = conv2d(gpu, input, weight, g);
  expect([...(await before.read())]).toEqual([1, 1, 1]);
  expect([...(await after.read())]).toEqual([2, 2, 2]);
  dispose({ input, weight, before, after });
});

describe("messages", () => {
  test("a bias in f16, a residual of another type", ({ gpu }) => {
    const g = conv2dGeometry([1, 1, 1, 4], [1, 1, 4, 4]);
    const input = gpu.zeros([1, 1, 1, 4], "f16");
    const weight = gpu.zeros([1, 1, 4, 4], "f16");
    const bias = gpu.zeros([4], "f16");
    const residual = gpu.zeros([1, 1, 1, 4]);
    expect(() => conv2d(gpu, input, weight, g, { bias })).toThrow(
      "conv2d: bias is f16, not f32\nCast it with castTo.",
    );
    expect(() => conv2d(gpu, input, weight, g, { residual })).toThrow(
      "conv2d: the residual is f32, the input f16\nCast one of them with castTo.",
    );
    dispose({ input, weight, bias, residual });
  });

  test("gradients are of f32", ({ gpu }) => {
    const g = conv2dGeometry([1, 1, 1, 4], [1, 1, 4, 4]);
    const half = gpu.zeros([1, 1, 4, 4], "f16");
    const grad = gpu.zeros([1, 1, 1, 4]);
    expect(() => conv2dGradInput(gpu, grad, half, g)).toThrow(
      "conv2d's data gradient: weight is f16, not f32\nCast it with castTo.",
    );
    expect(() => conv2dGradWeight(gpu, half, grad, g)).toThrow(
      "conv2d's weight gradient: input is f16, not f32\nCast it with castTo.",
    );
    dispose({ half, grad });
  });

  test("an input of integers", ({ gpu }) => {
    const g = conv2dGeometry([1, 1, 1, 4], [1, 1, 4, 4]);
    const input = gpu.zeros([1, 1, 1, 4], "u32");
    const weight = gpu.zeros([1, 1, 4, 4]);
    expect(() => conv2d(gpu, input, weight, g)).toThrow(
      "conv2d: input is u32, neither f32 nor f16\nUpload it as f32.",
    );
    dispose({ input, weight });
  });
});
