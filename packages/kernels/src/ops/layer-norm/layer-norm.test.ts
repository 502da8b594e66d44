import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { Gpu, type KernelFamily } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { gradientMagnitudes } from "../channel-norm/reference.ts";
import { layerNorm, layerNormGeometry, layerNormGradients } from "./layer-norm.ts";
import * as reference from "./reference.ts";

const EPS = 1e-6;

type Vector = Float32Array<ArrayBuffer> | null;

async function run(
  gpu: Gpu,
  shape: Shape,
  x: Float32Array<ArrayBuffer>,
  g: Float32Array<ArrayBuffer>,
  affine: { readonly weight: Vector; readonly bias: Vector },
  eps: number,
) {
  const vector = shape.slice(-1);
  const shapes = { input: shape, weight: affine.weight && vector, bias: affine.bias && vector };
  const geometry = layerNormGeometry(shapes, eps);
  const input = gpu.upload(x, shape);
  const gradOutput = gpu.upload(g, shape);
  const weight = affine.weight && gpu.upload(affine.weight, vector);
  const bias = affine.bias && gpu.upload(affine.bias, vector);
  const { output, moments } = layerNorm(gpu, input, { weight, bias }, geometry);
  const needs = { input: true, weight: weight !== null, bias: bias !== null };
  const gradients = layerNormGradients(gpu, gradOutput, input, moments, weight, geometry, needs);
  const { gradInput, gradWeight, gradBias } = gradients;
  const read = [output, gradInput, gradWeight, gradBias];
  const [y, dx, dw, db] = await Promise.all(read.map((array) => array?.read()));
  const { mean, scale } = moments;
  for (const array of [input, gradOutput, weight, bias, mean, scale, ...read]) array?.dispose();
  return { y: y!, dx: dx!, dw, db };
}

// x = ((torch.arange(48.) * 7) % 11 - 5).double().reshape(2, 3, 2, 4)
// g = ((torch.arange(48.) * 5) % 7 - 3).double().reshape(2, 3, 2, 4)
// w, b = torch.tensor([1., -2, .5, 3]), torch.tensor([.5, 0, -1, 2])          # both .double()
// y = F.layer_norm(x, (4,), w, b, 1e-5); torch.autograd.grad((y * g).sum(), [x, w, b])
const GOLDEN = {
  y: [-0.8130639, -1.0504511, -1.2626128, 5.9391916, 0.6999998, 2.7999978, -0.3000006, 1.4000005],
  dx: [-0.4550442, 0.0113194, 0.6452126, -0.2014877, 1.9599986, 0.6799984, 0.020001, -2.659998],
  dw: [3.4508212, 1.7670816, -12.2937363, -3.3227209],
  db: [3, 0, -3, 1],
};

test("agrees with PyTorch", async ({ gpu }) => {
  const x = Float32Array.from({ length: 48 }, (_, i) => ((i * 7) % 11) - 5);
  const g = Float32Array.from({ length: 48 }, (_, i) => ((i * 5) % 7) - 3);
  const affine = { weight: Float32Array.of(1, -2, 0.5, 3), bias: Float32Array.of(0.5, 0, -1, 2) };
  const results: Record<string, Float32Array | undefined> = await run(
    gpu,
    [2, 3, 2, 4],
    x,
    g,
    affine,
    1e-5,
  );
  for (const [name, golden] of Object.entries(GOLDEN)) {
    golden.forEach((value, i) => {
      // Sums of 12 values up to 5: 7 decimals were recorded.
      const error = Math.abs(results[name]![i]! - value);
      expect(error, `${name}[${i}]`).toBeLessThan(12 * 5 * 3 * 2 ** -22);
    });
  }
});

const SHAPES: readonly Shape[] = [[5, 12], [2, 4, 8], [9, 7], [1, 3, 65], [8, 132], [70, 4], [4]];

describe.each(["registers", "tiled"] as const)("on kernels: %s", (kernels: KernelFamily) => {
  test.for(SHAPES)("matches the reference for %j", async (shape, { device }) => {
    const gpu = new Gpu(device, { kernels });
    const channels = shape.at(-1)!;
    const x = randomFloats(numel(shape), 71);
    const g = randomFloats(numel(shape), 72);
    const weight = randomFloats(channels, 73);
    const bias = randomFloats(channels, 74);
    const { y, dx, dw, db } = await run(gpu, shape, x, g, { weight, bias }, EPS);
    const plain = await run(gpu, shape, x, g, { weight: null, bias: null }, EPS);
    gpu.destroy();
    const tolerance = { terms: channels + 16 };
    expect(y).toMatchReference(reference.layerNorm(x, shape, weight, bias, EPS), tolerance);
    expect(plain.y).toMatchReference(reference.layerNorm(x, shape, null, null, EPS), tolerance);

    const loss = (at: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
      dot(reference.layerNorm(at, shape, w, b, EPS).data, g);
    const grouping = { shape, groupOf: (i: number) => Math.floor(i / channels), eps: EPS };
    const bounds = gradientMagnitudes(x, g, weight, grouping);
    const sums = { terms: numel(shape) / channels + tolerance.terms };
    const gradWeight = numericalGradient((w) => loss(x, w, bias), weight);
    const gradBias = numericalGradient((b) => loss(x, weight, b), bias);
    const vector = { shape: [channels] };
    expect(dw).toMatchReference({ data: gradWeight, magnitude: bounds.weight, ...vector }, sums);
    expect(db).toMatchReference({ data: gradBias, magnitude: bounds.bias, ...vector }, sums);
    const gradInput = numericalGradient((at) => loss(at, weight, bias), x);
    const gradient = { data: gradInput, magnitude: bounds.input, shape };
    expect(dx).toMatchReference(gradient, tolerance);
    const perturbed = gradInput.with(0, gradInput[0]! + 0.1 * bounds.input[0]!);
    expect(dx).not.toMatchReference({ ...gradient, data: perturbed }, tolerance);
    const ones = new Float64Array(channels).fill(1);
    const plainGradient = {
      data: numericalGradient((at) => loss(at, ones, new Float64Array(channels)), x),
      magnitude: gradientMagnitudes(x, g, null, grouping).input,
      shape,
    };
    expect(plain.dx).toMatchReference(plainGradient, tolerance);
  });
});

plainTest("refused sizes say what is wrong and what to do", () => {
  expect(() => layerNormGeometry({ input: [], weight: null, bias: null })).toThrow(
    "layerNorm: input has no axis\n  input  []\nPass […, C].",
  );
  expect(() => layerNormGeometry({ input: [2, 8], weight: [4], bias: [8] })).toThrow(
    "layerNorm: weight does not have one value for each of 8 channels\n" +
      "  input   [2, 8]\n  weight  [4]\nPass weight of shape [8].",
  );
});
