import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { numel } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { bilinearGeometry, interpolateBilinear, interpolateBilinearGradInput } from "./bilinear.ts";
import { nearestGeometry, upsampleNearest, upsampleNearestGradInput } from "./nearest.ts";
import * as reference from "./reference.ts";

type Images = readonly [number, number, number, number];

// x = ((torch.arange(12.) * 7) % 11 - 5).double().reshape(1, 2, 3, 2).permute(0, 3, 1, 2)
// y = F.interpolate(x, (3, 4), mode="bilinear", align_corners=...)
// g = torch.arange(1., 25).reshape(1, 3, 4, 2).permute(0, 3, 1, 2)
// torch.autograd.grad((y * g).sum(), x)                       # all as .permute(0, 2, 3, 1)
const CENTRES = [
  [-5, 2, -3.125, 3.875, -0.875, 2, 1, -3, -0.5, 1, -2.0625, 2.875],
  [-1.875, 1, 0, -4, 4, 0, -1, 1.875, -2.875, 0, -1, -5],
].flat();
const CENTRES_GRADIENT = [
  [8.6875, 10.75, 12.5, 14.375, 18.8125, 20.875, 30.6875, 32.75, 32.5, 34.375, 40.8125, 42.875],
].flat();
const CORNERS = [
  [-5, 2, -3, 4, -1, 2.333333, 1, -3, -0.5, 1, -2.166667, 3],
  [-2, 1.333333, 0, -4, 4, 0, -1.333333, 2, -3, 0.333333, -1, -5],
].flat();
const CORNERS_GRADIENT = [
  [8.333333, 10.333333, 13.333333, 15.333333, 18.333333, 20.333333],
  [29.666667, 31.666667, 34.666667, 36.666667, 39.666667, 41.666667],
].flat();

test("reference, kernel and gradient agree with PyTorch", async ({ gpu }) => {
  const x = Float32Array.from({ length: 12 }, (_, i) => ((i * 7) % 11) - 5);
  const shape = [1, 2, 3, 2] as const;
  using input = gpu.upload(x, shape);
  using gradOutput = gpu.upload(
    Array.from({ length: 24 }, (_, i) => i + 1),
    [1, 3, 4, 2],
  );
  for (const [alignCorners, golden, gradient] of [
    [false, CENTRES, CENTRES_GRADIENT],
    [true, CORNERS, CORNERS_GRADIENT],
  ] as const) {
    const geometry = bilinearGeometry(shape, [3, 4], alignCorners);
    const { data } = reference.interpolateBilinear(x, shape, [3, 4], alignCorners);
    using output = interpolateBilinear(gpu, input, geometry);
    using gradInput = interpolateBilinearGradInput(gpu, gradOutput, geometry);
    const [y, dx] = await Promise.all([output.read(), gradInput.read()]);
    golden.forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value, 5);
      expect(y[i]).toBeCloseTo(value, 5);
    });
    gradient.forEach((value, i) => {
      expect(dx[i]).toBeCloseTo(value, 4);
    });
  }
});

const CASES: readonly { shape: Images; size: readonly [number, number] }[] = [
  { shape: [1, 3, 4, 4], size: [24, 32] },
  { shape: [2, 7, 5, 3], size: [13, 11] },
  { shape: [1, 13, 11, 4], size: [5, 4] },
  { shape: [1, 4, 6, 8], size: [4, 6] },
  { shape: [1, 1, 1, 4], size: [3, 5] },
  { shape: [1, 9, 2, 1], size: [1, 1] },
  { shape: [2, 1, 17, 5], size: [6, 2] },
];

describe.each(CASES)("interpolateBilinear %j", ({ shape, size }) => {
  test.for([false, true])(
    "matches the reference, alignCorners: %s",
    async (alignCorners, { gpu }) => {
      const geometry = bilinearGeometry(shape, size, alignCorners);
      const x = randomFloats(numel(shape), 61);
      const g = randomFloats(numel(geometry.output), 62);
      using input = gpu.upload(x, shape);
      using gradOutput = gpu.upload(g, geometry.output);
      using output = interpolateBilinear(gpu, input, geometry);
      using gradInput = interpolateBilinearGradInput(gpu, gradOutput, geometry);
      const [y, dx] = await Promise.all([output.read(), gradInput.read()]);
      const resized = (at: ArrayLike<number>) =>
        reference.interpolateBilinear(at, shape, size, alignCorners);
      expect(y).toMatchReference(resized(x), { terms: 8 });
      const data = numericalGradient((at) => dot(resized(at).data, g), new Float64Array(x.length));
      // Each of the outputs around contributes at most 1 with a weight off by ulps of 1.
      const reach = (1 + (2 * size[0]) / shape[1]) * (1 + (2 * size[1]) / shape[2]);
      const magnitude = new Float64Array(x.length).fill(reach);
      expect(dx).toMatchReference({ data, magnitude, shape }, { terms: 8 + reach });
      const perturbed = data.with(0, data[0]! + 1e-3 * reach);
      expect(dx).not.toMatchReference({ data: perturbed, magnitude, shape }, { terms: 8 + reach });
    },
  );
});

test.for([
  { shape: [2, 3, 5, 4], factor: [2, 2] },
  { shape: [1, 4, 1, 3], factor: [1, 3] },
  { shape: [1, 2, 2, 8], factor: [5, 4] },
] as const)(
  "upsampleNearest repeats, its gradient sums: %j",
  async ({ shape, factor }, { gpu }) => {
    const geometry = nearestGeometry(shape, factor);
    const x = randomFloats(numel(shape), 63);
    const g = randomFloats(numel(geometry.output), 64);
    using input = gpu.upload(x, shape);
    using gradOutput = gpu.upload(g, geometry.output);
    using output = upsampleNearest(gpu, input, geometry);
    using gradInput = upsampleNearestGradInput(gpu, gradOutput, geometry);
    const [y, dx] = await Promise.all([output.read(), gradInput.read()]);
    const resized = (at: ArrayLike<number>) => reference.upsampleNearest(at, shape, factor);
    expect(y).toMatchReference(resized(x), { terms: 0 });
    const zero = new Float64Array(x.length);
    const data = numericalGradient((at) => dot(resized(at).data, g), zero);
    const magnitude = new Float64Array(x.length).fill(factor[0] * factor[1]);
    expect(dx).toMatchReference({ data, magnitude, shape }, { terms: factor[0] * factor[1] });
  },
);

plainTest("refused sizes say what is wrong and what to do", () => {
  expect(() => bilinearGeometry([8, 8, 3], 16)).toThrow(
    "interpolateBilinear: input has 3 axes, expected 4\n  input  [8, 8, 3]\nPass [N, H, W, C].",
  );
  expect(() => bilinearGeometry([1, 8, 8, 3], [16, 0])).toThrow(
    "interpolateBilinear: size = [16, 0] is out of range\nPass integers of at least 1.",
  );
  expect(() => nearestGeometry([1, 8, 8, 3], 1.5)).toThrow(
    "upsampleNearest: factor = [1.5, 1.5] is out of range\nPass integers of at least 1.",
  );
});
