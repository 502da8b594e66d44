import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe } from "vitest";
import { Gpu, type KernelFamily } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import * as reference from "./reference.ts";
import { standardizeWeight, standardizeWeightGrad } from "./weight-standardization.ts";

async function run(gpu: Gpu, w: ArrayLike<number>, g: ArrayLike<number>, shape: Shape) {
  const weight = gpu.upload(w, shape);
  const gradOutput = gpu.upload(g, shape);
  const { output, moments } = standardizeWeight(gpu, weight);
  const gradWeight = standardizeWeightGrad(gpu, gradOutput, weight, moments);
  const [y, dw] = await Promise.all([output.read(), gradWeight.read()]);
  const { mean, deviation } = moments;
  for (const array of [weight, gradOutput, output, gradWeight, mean, deviation]) array.dispose();
  return { y, dw };
}

// w = ((torch.arange(12.) * 7) % 11 - 5).double().reshape(1, 2, 3, 2).permute(3, 2, 0, 1).clone()
// g = ((torch.arange(12.) * 5) % 7 - 3).double().reshape(1, 2, 3, 2).permute(3, 2, 0, 1)
// # the authors' Conv2d.forward, restated:
// m = w.mean(dim=1, keepdim=True).mean(dim=2, keepdim=True).mean(dim=3, keepdim=True)
// c = w - m; std = c.reshape(c.size(0), -1).std(dim=1).view(-1, 1, 1, 1) + 1e-5; y = c / std
// y.permute(2, 3, 1, 0).flatten(); torch.autograd.grad((y * g).sum(), w)
const GOLDEN = [
  [-1.1575452, 0.4412517, -0.2516403, 1.2355046, 0.6542647, -0.8825033],
  [1.5601696, -0.0882503, -0.8555769, 0.7060026, 0.0503281, -1.4120053],
].flat();
const GOLDEN_GRADIENT = [
  [-0.711324, 0.6358968, 0.0816874, -0.1521711, 0.8746987, -0.0804142],
  [-0.4460681, -0.8684821, 0.7608864, 0.1967069, -0.5598804, 0.2684637],
].flat();

test("reference, kernel and gradient agree with the authors' formula", async ({ gpu }) => {
  const w = Float32Array.from({ length: 12 }, (_, i) => ((i * 7) % 11) - 5);
  const g = Float32Array.from({ length: 12 }, (_, i) => ((i * 5) % 7) - 3);
  const shape = [1, 2, 3, 2];
  const { data } = reference.standardizeWeight(w, shape);
  const { y, dw } = await run(gpu, w, g, shape);
  GOLDEN.forEach((value, i) => {
    expect(data[i]).toBeCloseTo(value, 7);
    expect(y[i]).toBeCloseTo(value, 6);
  });
  GOLDEN_GRADIENT.forEach((value, i) => {
    expect(dw[i]).toBeCloseTo(value, 6);
  });
});

/** Sums of absolute terms of the gradient; see the formula in weight-standardization.ts. */
function gradientMagnitude(w: Float32Array, g: Float32Array, filters: number): Float64Array {
  const n = w.length / filters;
  const standardized = reference.standardizeWeight(w, [n, filters]);
  const result = new Float64Array(w.length);
  for (let o = 0; o < filters; o++) {
    const members = Array.from({ length: n }, (_, i) => i * filters + o);
    const mean = members.reduce((sum, i) => sum + w[i]!, 0) / n;
    const squares = members.reduce((sum, i) => sum + (w[i]! - mean) ** 2, 0);
    const scale = 1 / (Math.sqrt(squares / (n - 1)) + 1e-5);
    const slopes = members.reduce((sum, i) => sum + Math.abs(g[i]!), 0) / n;
    let products = 0;
    for (const i of members) products += Math.abs(g[i]!) * standardized.magnitude[i]!;
    for (const i of members) {
      const along = (standardized.magnitude[i]! * products) / (n - 1);
      result[i] = scale * (1 + scale) * (Math.abs(g[i]!) + slopes + along);
    }
  }
  return result;
}

const SHAPES: readonly Shape[] = [
  [3, 3, 2, 4],
  [1, 1, 31, 36],
  [3, 3, 1, 65],
  [5, 5, 1, 8],
  [1, 2, 1, 3],
  [1, 1, 33, 1],
  [3, 3, 7, 12],
];

describe.each(["registers", "tiled"] as const)("on kernels: %s", (kernels: KernelFamily) => {
  test.for(SHAPES)("matches the reference for %j", async (shape, { device }) => {
    const gpu = new Gpu(device, { kernels });
    const w = randomFloats(numel(shape), 51);
    const g = randomFloats(numel(shape), 52);
    const { y, dw } = await run(gpu, w, g, shape);
    gpu.destroy();
    const filters = shape.at(-1)!;
    const tolerance = { terms: numel(shape) / filters + 16 };
    expect(y).toMatchReference(reference.standardizeWeight(w, shape), tolerance);
    if (numel(shape) > 800) return;
    const loss = (at: Float64Array) => dot(reference.standardizeWeight(at, shape).data, g);
    const data = numericalGradient(loss, w);
    const gradient = { data, magnitude: gradientMagnitude(w, g, filters), shape };
    expect(dw).toMatchReference(gradient, tolerance);
    const perturbed = data.with(0, data[0]! + 0.1 * gradient.magnitude[0]!);
    expect(dw).not.toMatchReference({ ...gradient, data: perturbed }, tolerance);
  });
});

test("a constant filter becomes 0 and has a finite gradient", async ({ gpu }) => {
  const w = [0.5, 1, 0.5, 2, 0.5, 3, 0.5, 4];
  const { y, dw } = await run(gpu, w, [1, 0, 2, 0, 3, 0, 6, 0], [2, 2, 1, 2]);
  expect([y[0], y[2], y[4], y[6]]).toEqual([0, 0, 0, 0]);
  // (g − mean) / ε with a mean of 3.
  [-2, -1, 0, 3].forEach((difference, i) => {
    expect(Math.abs(dw[2 * i]! - difference / 1e-5)).toBeLessThanOrEqual(3e5 * 4 * 2 ** -24);
  });
});

test("refused weights say what is wrong and what to do", ({ gpu }) => {
  using single = gpu.zeros([1, 1, 1, 8]);
  expect(() => standardizeWeight(gpu, single)).toThrow(
    "standardizeWeight: filters of one element have no standard deviation\n" +
      "  weight  [1, 1, 1, 8]\nUse such a weight as it is.",
  );
  using matrix = gpu.zeros([8, 4]);
  expect(() => standardizeWeight(gpu, matrix)).toThrow(
    "standardizeWeight: weight has 2 axes, expected 4\n  weight  [8, 4]\n" +
      "Pass [KH, KW, C / groups, O].",
  );
});
