// Plan: F(2×2, 3×3) forward and for the data gradient, on both families' products, against the
// float64 reference, with a bound from the absolute values of its own transforms; who takes it.

import { describe } from "vitest";
import { Gpu } from "../../gpu/gpu.ts";
import { expect, test } from "../../test-gpu.ts";
import { conv2d, conv2dGradInput } from "./conv2d.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { conv2dGradInputReference, conv2dReference, winogradMagnitude } from "./reference.ts";
import { type Case, geometryOf, operands } from "./test-cases.ts";
import { fitsWinograd } from "./winograd.ts";

const WINOGRAD: Record<string, Case> = {
  "one tile": { input: [1, 2, 2, 4], kernel: [3, 3], outputs: 4, options: { padding: 1 } },
  "odd sizes, tiles beyond the edge": {
    input: [2, 7, 5, 8],
    kernel: [3, 3],
    outputs: 12,
    options: { padding: 1 },
  },
  "no padding": { input: [1, 6, 9, 4], kernel: [3, 3], outputs: 36, options: {} },
  "padding of 2 and on one side": {
    input: [1, 5, 4, 12],
    kernel: [3, 3],
    outputs: 8,
    options: { padding: [2, 0, 1, 0] },
  },
  "64 channels, 33 vec4 of outputs": {
    input: [1, 4, 6, 64],
    kernel: [3, 3],
    outputs: 132,
    options: { padding: 1 },
  },
  "two chunks": { input: [1, 17, 16, 512], kernel: [3, 3], outputs: 4, options: { padding: 1 } },
};

describe.each(["registers", "tiled"] as const)("Winograd on %s kernels", (kernels) => {
  test.for(Object.entries(WINOGRAD))("matches the reference: %s", async ([, shape], { device }) => {
    const gpu = new Gpu(device, { kernels, overrides: { conv2d: "winograd" } });
    const g = geometryOf(shape);
    expect(fitsWinograd(g)).toBe(true);
    const host = operands(g, 11);
    const input = gpu.upload(host.input, [g.n, g.h, g.w, g.c]);
    const weight = gpu.upload(host.weight, [3, 3, g.c, g.o]);
    const bias = gpu.upload(host.bias, [g.o]);
    const gradOutput = gpu.upload(host.gradOutput, [g.n, g.oh, g.ow, g.o]);
    // Products, 2 × 2 additions of each of three transforms, bias.
    const rounds = (channels: number) => ({ terms: channels + 16 });
    const weightAt = (kh: number, kw: number, i: number, o: number) =>
      host.weight[((kh * 3 + kw) * g.c + i) * g.o + o]!;

    const forward = conv2dReference(host.input, host.weight, g, host.bias);
    const magnitude = winogradMagnitude(host.input, weightAt, g);
    const output = await conv2d(gpu, input, weight, g, { bias }).read();
    expect(output).toMatchReference(
      { ...forward, magnitude: magnitude.map((v, i) => v + Math.abs(host.bias[i % g.o]!)) },
      rounds(g.c),
    );

    const turned: Conv2dGeometry = {
      ...g,
      h: g.oh,
      w: g.ow,
      c: g.o,
      o: g.c,
      oh: g.h,
      ow: g.w,
      padTop: 2 - g.padTop,
      padLeft: 2 - g.padLeft,
    };
    const turnedAt = (kh: number, kw: number, i: number, o: number) =>
      weightAt(2 - kh, 2 - kw, o, i);
    const gradInput = await conv2dGradInput(gpu, gradOutput, weight, g).read();
    expect(gradInput).toMatchReference(
      {
        ...conv2dGradInputReference(host.gradOutput, host.weight, g),
        magnitude: winogradMagnitude(host.gradOutput, turnedAt, turned),
      },
      rounds(g.o),
    );
    gpu.destroy();
  });
});

test("its epilogue is that of the other kernels, at the edges of odd images too", async ({
  device,
}) => {
  const shape: Case = { input: [1, 5, 7, 8], kernel: [3, 3], outputs: 12, options: { padding: 1 } };
  const g = geometryOf(shape);
  const host = operands(g, 11);
  const gpu = new Gpu(device, { overrides: { conv2d: "winograd" } });
  const outputShape = [g.n, g.oh, g.ow, g.o];
  const input = gpu.upload(host.input, [g.n, g.h, g.w, g.c]);
  const weight = gpu.upload(host.weight, [3, 3, g.c, g.o]);
  const bias = gpu.upload(host.bias, [g.o]);
  const residual = gpu.upload(host.gradOutput, outputShape);
  const sums = await conv2d(gpu, input, weight, g).read();
  for (const silu of [true, false]) {
    const epilogue = { bias, residual, scale: 0.5, slope: 0.2, gain: 2, silu };
    const actual = await conv2d(gpu, input, weight, g, epilogue).read();
    const v = Float64Array.from(
      sums,
      (sum, i) => 0.5 * sum + host.bias[i % g.o]! + host.gradOutput[i]!,
    );
    const data = v.map((x) => (silu ? x / (1 + Math.exp(-x)) : 2 * Math.max(x, 0.2 * x)));
    // From the same sums: the additions' roundings, and an exponential off by 3 + 2 |v| ulp.
    const magnitude = v.map((x, i) => (Math.abs(sums[i]!) + 2) * (Math.abs(x) + 4));
    expect(actual).toMatchReference({ data, magnitude, shape: outputShape }, { terms: 4 });
  }
  gpu.destroy();
});

test("a refused workspace leaves nothing behind", ({ device }) => {
  const shape = { input: [1, 32, 32, 64], kernel: [3, 3], outputs: 64 } as const;
  const g = geometryOf({ ...shape, input: [...shape.input], kernel: [...shape.kernel] });
  // Room for the operands and the output, not for the transformed tiles.
  const gpu = new Gpu(device, { maxBytes: 1.5 * 2 ** 20, overrides: { conv2d: "winograd" } });
  const input = gpu.zeros([g.n, g.h, g.w, g.c]);
  const weight = gpu.zeros([3, 3, g.c, g.o]);
  expect(() => conv2d(gpu, input, weight, g)).toThrow("would exceed the memory budget");
  input.dispose();
  weight.dispose();
  expect(gpu.stats.liveBytes).toBe(0);
  gpu.destroy();
});

test("3×3 convolutions of many channels take Winograd's way on software adapters", async ({
  device,
}) => {
  const g = geometryOf({
    input: [1, 4, 4, 32],
    kernel: [3, 3],
    outputs: 32,
    options: { padding: 1 },
  });
  for (const [family, kernel] of [
    ["registers", "conv2d.winogradOutput"],
    ["tiled", "conv2d.tiled"],
  ] as const) {
    const chosen = new Gpu(device, { kernels: family });
    const input = chosen.zeros([1, 4, 4, 32]);
    const weight = chosen.zeros([3, 3, 32, 32]);
    const { kernels } = await chosen.profile(() => conv2d(chosen, input, weight, g).dispose());
    expect(kernels.map(({ name }) => name)).toContain(kernel);
    chosen.destroy();
  }
});
