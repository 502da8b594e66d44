import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { Gpu, type KernelFamily } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { gradientMagnitudes } from "../channel-norm/reference.ts";
import { groupNorm, groupNormGeometry, groupNormGradients } from "./group-norm.ts";
import * as reference from "./reference.ts";

const EPS = 1e-5;

interface Operands {
  readonly shape: Shape;
  readonly groups: number;
  readonly x: Float32Array<ArrayBuffer>;
  readonly g: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

function operandsOf(shape: Shape, groups: number): Operands {
  const channels = shape.at(-1)!;
  return {
    shape,
    groups,
    x: randomFloats(numel(shape), 41),
    g: randomFloats(numel(shape), 42),
    weight: randomFloats(channels, 43),
    bias: randomFloats(channels, 44),
  };
}

async function run(gpu: Gpu, { shape, groups, x, g, ...vectors }: Operands, silu = false) {
  const vector = shape.slice(-1);
  const shapes = { input: shape, weight: vector, bias: vector };
  const geometry = groupNormGeometry(shapes, groups, EPS, silu);
  const input = gpu.upload(x, shape);
  const gradOutput = gpu.upload(g, shape);
  const weight = gpu.upload(vectors.weight, vector);
  const bias = gpu.upload(vectors.bias, vector);
  const { output, moments } = groupNorm(gpu, input, { weight, bias }, geometry);
  const needs = { input: true, weight: true, bias: true };
  const gradients = groupNormGradients(
    gpu,
    gradOutput,
    input,
    moments,
    { weight, bias },
    geometry,
    needs,
  );
  const read = [output, gradients.gradInput!, gradients.gradWeight!, gradients.gradBias!];
  const [y, dx, dw, db] = await Promise.all(read.map((array) => array.read()));
  for (const array of [input, gradOutput, weight, bias, moments.mean, moments.variance, ...read]) {
    array.dispose();
  }
  return { y: y!, dx: dx!, dw: dw!, db: db! };
}

// x = ((torch.arange(48.) * 7) % 11 - 5).double().reshape(2, 3, 2, 4).permute(0, 3, 1, 2)
// g = ((torch.arange(48.) * 5) % 7 - 3).double().reshape(2, 3, 2, 4).permute(0, 3, 1, 2)
// w, b = torch.tensor([1., -2, .5, 3]), torch.tensor([.5, 0, -1, 2])          # all .double()
// y = F.group_norm(x, 2, w, b, 1e-5)                            # y.permute(0, 2, 3, 1).flatten()
// torch.autograd.grad((y * g).sum(), [x, w, b])                 # the first 8 of the first
const GOLDEN = {
  y: [-1.0963184, -1.5123016, -1.2907008, 6.3605124, 0.9200838, 1.8483687, -0.4185983, 2],
  dx: [
    -1.0068834, -1.6750634, -0.4474811, -0.8374717, 0.7248505, -0.7657058, 0.5679237, -2.6768701,
  ],
  dw: [2.901936, 1.9828239, -11.0415591, -1.7997158],
  db: [3, 0, -3, 1],
};

test("agrees with PyTorch", async ({ gpu }) => {
  const results: Record<string, Float32Array> = await run(gpu, {
    shape: [2, 3, 2, 4],
    groups: 2,
    x: Float32Array.from({ length: 48 }, (_, i) => ((i * 7) % 11) - 5),
    g: Float32Array.from({ length: 48 }, (_, i) => ((i * 5) % 7) - 3),
    weight: Float32Array.of(1, -2, 0.5, 3),
    bias: Float32Array.of(0.5, 0, -1, 2),
  });
  for (const [name, golden] of Object.entries(GOLDEN)) {
    golden.forEach((value, i) => {
      // Sums of 12 values up to 5: 7 decimals were recorded.
      const error = Math.abs(results[name]![i]! - value);
      expect(error, `${name}[${i}]`).toBeLessThan(12 * 5 * 3 * 2 ** -22);
    });
  }
});

const CASES: readonly (readonly [Shape, number])[] = [
  [[2, 4, 4, 16], 8],
  [[2, 3, 3, 24], 8],
  [[1, 5, 7, 5], 5],
  [[3, 2, 2, 9], 3],
  [[2, 37, 1, 4], 1],
  [[3, 6], 2],
  [[1, 1, 1, 4], 2],
];

describe.each(["registers", "tiled"] as const)("on kernels: %s", (kernels: KernelFamily) => {
  test.for(CASES)(
    "matches the reference for %j in %i groups",
    async ([shape, groups], { device }) => {
      const gpu = new Gpu(device, { kernels });
      const operands = operandsOf(shape, groups);
      const { x, g, weight, bias } = operands;
      const { y, dx, dw, db } = await run(gpu, operands);
      gpu.destroy();
      const channels = shape.at(-1)!;
      const tolerance = { terms: numel(shape) / shape[0]! / groups + 16 };
      expect(y).toMatchReference(
        reference.groupNorm(x, shape, groups, weight, bias, EPS),
        tolerance,
      );
      const loss = (at: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
        dot(reference.groupNorm(at, shape, groups, w, b, EPS).data, g);
      const grouping = { shape, groupOf: reference.groupOf(shape, groups), eps: EPS };
      const bounds = gradientMagnitudes(x, g, weight, grouping);
      const sums = { terms: numel(shape) / channels + 16 + tolerance.terms };
      const gradWeight = numericalGradient((w) => loss(x, w, bias), weight);
      const gradBias = numericalGradient((b) => loss(x, weight, b), bias);
      const ofChannels = { shape: [channels] };
      expect(dw).toMatchReference(
        { data: gradWeight, magnitude: bounds.weight, ...ofChannels },
        sums,
      );
      expect(db).toMatchReference({ data: gradBias, magnitude: bounds.bias, ...ofChannels }, sums);
      const gradInput = numericalGradient((at) => loss(at, weight, bias), x);
      expect(dx).toMatchReference({ data: gradInput, magnitude: bounds.input, shape }, tolerance);
      const perturbed = gradInput.with(1, gradInput[1]! + 0.1 * Math.max(1, bounds.input[1]!));
      expect(dx).not.toMatchReference(
        { data: perturbed, magnitude: bounds.input, shape },
        tolerance,
      );
    },
  );
});

const SILU_CASES: readonly (readonly [Shape, number])[] = [
  [[2, 5, 7, 16], 8],
  [[3, 2, 2, 9], 3],
  [[2, 37, 1, 4], 1],
];

describe.each(["registers", "tiled"] as const)("SiLU on kernels: %s", (kernels: KernelFamily) => {
  test.for(SILU_CASES)(
    "matches the reference for %j in %i groups",
    async ([shape, groups], { device }) => {
      const gpu = new Gpu(device, { kernels });
      const operands = operandsOf(shape, groups);
      const { x, g, weight, bias } = operands;
      const { y, dx, dw, db } = await run(gpu, operands, true);
      gpu.destroy();
      const terms = numel(shape) / shape[0]! / groups + 16;
      const expected = reference.groupNormSilu(x, shape, groups, weight, bias, EPS);
      expect(y).toMatchReference(expected, { terms });
      const loss = (at: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
        dot(reference.groupNormSilu(at, shape, groups, w, b, EPS).data, g);
      const grouping = { shape, groupOf: reference.groupOf(shape, groups), eps: EPS };
      // |silu'| ≤ 1.1, and its error grows with the logistic's exponent, as the output's.
      const growth = { terms: 8 * terms };
      const bounds = gradientMagnitudes(x, g, weight, grouping);
      const check = (actual: Float32Array, data: Float64Array, magnitude: Float64Array) => {
        expect(actual).toMatchReference({ data, magnitude, shape: [data.length] }, growth);
        const wrong = data.with(0, data[0]! + 0.1 * Math.max(1, magnitude[0]!));
        expect(actual).not.toMatchReference(
          { data: wrong, magnitude, shape: [data.length] },
          growth,
        );
      };
      check(
        dx,
        numericalGradient((at) => loss(at, weight, bias), x),
        bounds.input,
      );
      check(
        dw,
        numericalGradient((w) => loss(x, w, bias), weight),
        bounds.weight,
      );
      check(
        db,
        numericalGradient((b) => loss(x, weight, b), bias),
        bounds.bias,
      );
    },
  );
});

test("SiLU of large values neither overflows nor loses its sign", async ({ gpu }) => {
  const input = Float32Array.of(-1, 1, -1, 1);
  const operands = { shape: [1, 2, 1, 2], groups: 1, x: input, g: new Float32Array(4).fill(1) };
  const weight = Float32Array.of(500, 500);
  const { y, dx } = await run(gpu, { ...operands, weight, bias: new Float32Array(2) }, true);
  // Of variance 1 + 1e-5: 500 · (1 − 5e-6) and −500 · e⁻⁵⁰⁰, which is 0.
  expect([...y].map((value) => Math.round(value * 10) / 10 + 0)).toEqual([0, 500, 0, 500]);
  expect(dx.every(Number.isFinite)).toBe(true);
});

test("samples do not see each other", async ({ gpu }) => {
  const both = operandsOf([2, 3, 3, 8], 4);
  const { y } = await run(gpu, both);
  const alone = { ...both, shape: [1, 3, 3, 8], x: both.x.slice(72), g: both.g.slice(72) };
  const { y: second } = await run(gpu, alone);
  expect([...y.subarray(72)]).toEqual([...second]);
});

plainTest("refused sizes say what is wrong and what to do", () => {
  const shapes = { input: [2, 4, 4, 30], weight: null, bias: null };
  expect(() => groupNormGeometry(shapes, 8)).toThrow(
    "groupNorm: 30 channels do not divide into 8 groups\n  input  [2, 4, 4, 30]\n" +
      "Choose a number of groups that divides the channels.",
  );
  expect(() => groupNormGeometry({ ...shapes, bias: [3, 10] }, 5)).toThrow(
    "groupNorm: bias does not have one value for each of 30 channels\n" +
      "  input   [2, 4, 4, 30]\n  bias    [3, 10]\nPass bias of shape [30].",
  );
});
