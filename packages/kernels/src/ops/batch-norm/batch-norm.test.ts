import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { Gpu, type KernelFamily } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { gradientMagnitudes } from "../channel-norm/reference.ts";
import {
  batchNormEval,
  batchNormGeometry,
  batchNormGradients,
  batchNormTrain,
  updateRunningMoments,
} from "./batch-norm.ts";
import * as reference from "./reference.ts";

const EPS = 1e-5;
const MOMENTUM = 0.1;

interface Operands {
  readonly shape: Shape;
  readonly x: Float32Array<ArrayBuffer>;
  readonly g: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer> | null;
  readonly bias: Float32Array<ArrayBuffer> | null;
  readonly runningMean: Float32Array<ArrayBuffer>;
  readonly runningVar: Float32Array<ArrayBuffer>;
}

function operandsOf(shape: Shape, isAffine: boolean): Operands {
  const channels = shape.at(-1)!;
  return {
    shape,
    x: randomFloats(numel(shape), 31),
    g: randomFloats(numel(shape), 32),
    weight: isAffine ? randomFloats(channels, 33) : null,
    bias: isAffine ? randomFloats(channels, 34) : null,
    runningMean: randomFloats(channels, 35),
    runningVar: randomFloats(channels, 36).map((value) => value + 1.5),
  };
}

async function run(gpu: Gpu, operands: Operands, training: boolean) {
  const { shape, x, g, runningMean, runningVar } = operands;
  const vector = shape.slice(-1);
  const shapes = {
    input: shape,
    weight: operands.weight && vector,
    bias: operands.bias && vector,
    runningMean: vector,
    runningVar: vector,
  };
  const geometry = batchNormGeometry(shapes, { training, eps: EPS });
  const input = gpu.upload(x, shape);
  const gradOutput = gpu.upload(g, shape);
  const weight = operands.weight && gpu.upload(operands.weight, vector);
  const bias = operands.bias && gpu.upload(operands.bias, vector);
  const running = {
    mean: gpu.upload(runningMean, vector),
    variance: gpu.upload(runningVar, vector),
  };
  const affine = { weight, bias };
  const trained = training ? batchNormTrain(gpu, input, affine, geometry) : null;
  const output = trained?.output ?? batchNormEval(gpu, input, running, affine, geometry);
  const used = trained?.moments ?? running;
  const needs = { input: true, weight: true, bias: true };
  const options = { training, needs };
  const gradients = batchNormGradients(gpu, gradOutput, input, used, weight, geometry, options);
  if (trained !== null) updateRunningMoments(gpu, running, trained.moments, MOMENTUM, geometry);
  const { gradInput, gradWeight, gradBias } = gradients;
  const read = [output, gradInput!, gradWeight!, gradBias!, running.mean, running.variance];
  const [y, dx, dw, db, mean, variance] = await Promise.all(read.map((array) => array.read()));
  const own = trained === null ? [] : [trained.moments.mean, trained.moments.variance];
  for (const array of [input, gradOutput, weight, bias, ...own, ...read]) array?.dispose();
  return { y: y!, dx: dx!, dw: dw!, db: db!, mean: mean!, variance: variance! };
}

// x = ((torch.arange(48.) * 7) % 11 - 5).double().reshape(2, 3, 2, 4).permute(0, 3, 1, 2)
// g = ((torch.arange(48.) * 5) % 7 - 3).double().reshape(2, 3, 2, 4).permute(0, 3, 1, 2)
// w, b = torch.tensor([1., -2, .5, 3]), torch.tensor([.5, 0, -1, 2])          # all .double()
// rm, rv = torch.tensor([1., 2, 3, 4]), torch.tensor([1., 2, 3, 4])
// y = F.batch_norm(x, rm, rv, w, b, training, 0.1, 1e-5)        # y.permute(0, 2, 3, 1).flatten()
// torch.autograd.grad((y * g).sum(), [x, w, b])                 # the first 8 of the first
const GOLDEN: Operands = {
  shape: [2, 3, 2, 4],
  x: Float32Array.from({ length: 48 }, (_, i) => ((i * 7) % 11) - 5),
  g: Float32Array.from({ length: 48 }, (_, i) => ((i * 5) % 7) - 3),
  weight: Float32Array.of(1, -2, 0.5, 3),
  bias: Float32Array.of(0.5, 0, -1, 2),
  runningMean: Float32Array.of(1, 2, 3, 4),
  runningVar: Float32Array.of(1, 2, 3, 4),
};
const TRAINED = {
  y: [-0.8771529, -1.1913662, -1.2978415, 6.1314586, 0.9256654, 2.0578143, -0.3230874, 1.6244129],
  dx: [-0.8806872, -1.2158225, -0.0576466, -1.585237, 0.7966686, -0.7946674, 0.1014771, -2.8059538],
  dw: [2.7793449, 2.5993444, -12.1844267, -2.8294232],
  db: [3, 0, -3, 1],
  mean: [0.8583333, 1.8166667, 2.6833333, 3.6416667],
  variance: [2.1083333, 2.8333333, 3.7333333, 4.8083333],
};
const EVALUATED = {
  y: [-5.49997, 0, -2.4433733, 3.4999981],
  dx: [-2.999985, -2.8284201, 0, -2.9999963],
  dw: [4.999975, 5.6568401, -16.1657806, -6.4999919],
  db: [3, 0, -3, 1],
};

describe("agrees with PyTorch", () => {
  test.for([true, false])("training: %s", async (training, { gpu }) => {
    const results: Record<string, Float32Array> = await run(gpu, GOLDEN, training);
    for (const [name, golden] of Object.entries(training ? TRAINED : EVALUATED)) {
      const actual = results[name]!.subarray(0, golden.length);
      // Sums of 12 values up to 5: 7 decimals were recorded.
      golden.forEach((value, i) => {
        expect(Math.abs(actual[i]! - value), `${name}[${i}]`).toBeLessThan(12 * 5 * 3 * 2 ** -22);
      });
    }
  });
});

const SHAPES: readonly Shape[] = [
  [2, 3, 2, 8],
  [5, 3],
  [2, 1, 1, 1],
  [1, 31, 1, 36],
  [3, 7, 5, 12],
  [2, 1, 13, 65],
];

describe.each(["registers", "tiled"] as const)("on kernels: %s", (kernels: KernelFamily) => {
  test.for(SHAPES)("training matches the reference for %j", async (shape, { device }) => {
    const gpu = new Gpu(device, { kernels });
    const operands = operandsOf(shape, true);
    const { x, g, weight, bias, runningMean, runningVar } = operands;
    const actual = await run(gpu, operands, true);
    gpu.destroy();
    const channels = shape.at(-1)!;
    const rows = numel(shape) / channels;
    const tolerance = { terms: rows + 16 };
    const expected = reference.batchNorm(x, shape, weight, bias, EPS);
    expect(actual.y).toMatchReference(expected, tolerance);

    const grouping = { shape, groupOf: (i: number) => i % channels, eps: EPS };
    const bounds = gradientMagnitudes(x, g, weight, grouping);
    const loss = (at: ArrayLike<number>, w = weight!, b = bias!) =>
      dot(reference.batchNorm(at, shape, w as Float32Array, b, EPS).data, g);
    const dw = numericalGradient((w) => loss(x, w as never), weight!);
    const db = numericalGradient((b) => loss(x, weight!, b as never), bias!);
    expect(actual.dw).toMatchReference(
      { data: dw, magnitude: bounds.weight, shape: [channels] },
      tolerance,
    );
    expect(actual.db).toMatchReference(
      { data: db, magnitude: bounds.bias, shape: [channels] },
      tolerance,
    );
    if (numel(shape) <= 500) {
      const dx = numericalGradient((at) => loss(at), x);
      expect(actual.dx).toMatchReference({ data: dx, magnitude: bounds.input, shape }, tolerance);
    }
    const blend = (old: Float32Array, batch: readonly number[], factor: number) =>
      Float64Array.from(old, (value, c) => 0.9 * value + MOMENTUM * batch[c]! * factor);
    const magnitude = new Float64Array(channels).fill(3);
    expect(actual.mean).toMatchReference(
      { data: blend(runningMean, expected.mean, 1), magnitude, shape: [channels] },
      tolerance,
    );
    expect(actual.variance).toMatchReference(
      {
        data: blend(runningVar, expected.variance, rows / (rows - 1)),
        magnitude,
        shape: [channels],
      },
      tolerance,
    );
  });

  test("long columns are summed in slabs", async ({ device }) => {
    const gpu = new Gpu(device, { kernels });
    const shape = [2, 41, 37, 6];
    const operands = operandsOf(shape, true);
    const { y } = await run(gpu, operands, true);
    gpu.destroy();
    const expected = reference.batchNorm(operands.x, shape, operands.weight, operands.bias, EPS);
    // 3034 rows in slabs of at least 32: as many terms as a slab and its merging have, at most.
    expect(y).toMatchReference(expected, { terms: 256 + 64 });
  });
});

test("eval mode matches the reference, without weight and bias too", async ({ gpu }) => {
  for (const isAffine of [true, false]) {
    const operands = operandsOf([2, 5, 3, 12], isAffine);
    const { shape, x, g, weight, bias, runningMean, runningVar } = operands;
    const { y, dx, dw, db } = await run(gpu, operands, false);
    const evaluate = (at: ArrayLike<number>) =>
      reference.batchNormEval(at, shape, weight, bias, runningMean, runningVar, EPS);
    expect(y).toMatchReference(evaluate(x), { terms: 8 });
    const data = numericalGradient((at) => dot(evaluate(at).data, g), x);
    expect(dx).toMatchReference({ data, shape }, { terms: 8, ulps: 4 });
    for (let c = 0; c < 12; c++) {
      let [sum, product] = [0, 0];
      for (let i = c; i < x.length; i += 12) {
        sum += g[i]!;
        product += (g[i]! * (x[i]! - runningMean[c]!)) / Math.sqrt(runningVar[c]! + EPS);
      }
      // 30 terms of at most 2 / √0.5.
      expect(Math.abs(db[c]! - sum)).toBeLessThan(30 * 30 * 2 ** -24);
      expect(Math.abs(dw[c]! - product)).toBeLessThan(40 * 30 * 3 * 2 ** -24);
    }
  }
});

test("training without weight and bias normalises only", async ({ gpu }) => {
  const operands = operandsOf([4, 3, 3, 5], false);
  const { x, g, shape } = operands;
  const { y, dx } = await run(gpu, operands, true);
  expect(y).toMatchReference(reference.batchNorm(x, shape, null, null, EPS), { terms: 52 });
  const loss = (at: ArrayLike<number>) =>
    dot(reference.batchNorm(at, shape, null, null, EPS).data, g);
  const grouping = { shape, groupOf: (i: number) => i % 5, eps: EPS };
  const magnitude = gradientMagnitudes(x, g, null, grouping).input;
  const gradient = { data: numericalGradient(loss, x), magnitude, shape };
  expect(dx).toMatchReference(gradient, { terms: 52 });
  const perturbed = gradient.data.with(3, gradient.data[3]! + 1e-2);
  expect(dx).not.toMatchReference({ ...gradient, data: perturbed }, { terms: 52 });
});

test("a mean far above the deviation costs no digits of the variance", async ({ gpu }) => {
  const shape = [2, 30, 17, 4];
  const x = randomFloats(numel(shape), 37).map((value) => value + 4096);
  const geometry = batchNormGeometry(
    { input: shape, weight: null, bias: null, runningMean: null, runningVar: null },
    { training: true },
  );
  const input = gpu.upload(x, shape);
  const { output, moments } = batchNormTrain(gpu, input, { weight: null, bias: null }, geometry);
  const variance = await moments.variance.read();
  for (const array of [input, output, moments.mean, moments.variance]) array.dispose();
  const expected = reference.batchNorm(x, shape, null, null, EPS);
  // From Σx² the error would be of the order of 4096² · 2⁻²⁴ = 1: no digit. Here slabs' means, which
  // differ by some tenths, are rounded to 2⁻¹² when they are merged: 2 · 0.1 · 2⁻¹².
  for (let c = 0; c < 4; c++) expect(variance[c]).toBeCloseTo(expected.variance[c]!, 4);
});

test("only the gradients that are needed are computed", async ({ gpu }) => {
  const shape = [2, 3, 3, 4];
  const shapes = { input: shape, weight: null, bias: null, runningMean: null, runningVar: null };
  const geometry = batchNormGeometry(shapes, { training: false });
  const [input, gradOutput] = [gpu.zeros(shape), gpu.zeros(shape)];
  const running = { mean: gpu.zeros([4]), variance: gpu.zeros([4]) };
  const before = gpu.stats.dispatches;
  const { gradInput, gradWeight, gradBias } = batchNormGradients(
    gpu,
    gradOutput,
    input,
    running,
    null,
    geometry,
    { training: false, needs: { input: true, weight: false, bias: false } },
  );
  expect(gpu.stats.dispatches - before).toBe(1);
  expect([gradWeight, gradBias]).toEqual([null, null]);
  for (const array of [input, gradOutput, running.mean, running.variance, gradInput]) {
    array?.dispose();
  }
});

plainTest("refused sizes say what is wrong and what to do", () => {
  const shapes = { weight: null, bias: null, runningMean: null, runningVar: null };
  const make = (rest: object, training = true) =>
    batchNormGeometry({ ...shapes, input: [1, 1, 1, 8], ...rest }, { training });
  expect(() => make({})).toThrow(
    "batchNorm: one value per channel has no variance\n  input  [1, 1, 1, 8]\n" +
      "Train with a larger batch, or normalise in eval mode.",
  );
  expect(() => make({ runningVar: [4] }, false)).toThrow(
    "batchNorm: runningVar does not have one value for each of 8 channels\n" +
      "  input        [1, 1, 1, 8]\n  runningVar   [4]\nPass runningVar of shape [8].",
  );
  expect(() => make({ weight: [8] }, false)).toThrow(
    "batchNorm: weight without bias\nPass both, or null for both.",
  );
  expect(() => make({ input: [8] })).toThrow(
    "batchNorm: input has 1 axes, expected at least 2\n  input  [8]\nPass [N, …, C].",
  );
});
