import { ShapeError, UsageError } from "@fauxgrad/kernels";
import { batchNorm as batchNormReference } from "@fauxgrad/kernels/reference/batch-norm";
import {
  groupNorm as groupNormReference,
  groupNormSilu,
} from "@fauxgrad/kernels/reference/group-norm";
import { layerNorm as layerNormReference } from "@fauxgrad/kernels/reference/layer-norm";
import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import type { Tensor } from "../tensor.ts";
import { expect, test } from "../test-gpu.ts";
import { batchNorm } from "./batch-norm.ts";
import { groupNorm } from "./group-norm.ts";
import { layerNorm } from "./layer-norm.ts";

const SHAPE = [2, 3, 3, 4];
const COUNT = 72;
const X = randomFloats(COUNT, 1);
const WEIGHT = randomFloats(4, 2);
const BIAS = randomFloats(4, 3);
const SEED = randomFloats(COUNT, 4);
const EPS = 1e-5;
/** Values are of the order of 1, sums of 18 of them, squared in the variance. */
const TOLERANCE = 18 * 18 * 2 ** -22;

type Reference = (
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
) => Float64Array;

const batch: Reference = (x, w, b) => batchNormReference(x, SHAPE, w, b, EPS).data;
const group: Reference = (x, w, b) => groupNormReference(x, SHAPE, 2, w, b, EPS).data;
const groupSilu: Reference = (x, w, b) => groupNormSilu(x, SHAPE, 2, w, b, EPS).data;
const layer: Reference = (x, w, b) => layerNormReference(x, SHAPE, w, b, EPS).data;

type Apply = (input: Tensor, weight: Tensor, bias: Tensor) => Tensor;

function expectNear(actual: Float32Array | undefined, expected: Float64Array): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(actual![i]! - value), `element ${i}`).toBeLessThan(TOLERANCE);
  });
}

/** No sum of it and the normalised `X` lies within the differences' step of the ReLU's kink. */
const RESIDUAL = randomFloats(COUNT, 5);
const batchRelu: Reference = (x, w, b) => batch(x, w, b).map((y) => Math.max(y, 0));
const batchAddRelu: Reference = (x, w, b) =>
  batch(x, w, b).map((y, i) => Math.max(y + RESIDUAL[i]!, 0));

const CASES: readonly (readonly [string, Reference, Apply])[] = [
  ["batchNorm", batch, (x, w, b) => batchNorm(x, null, w, b, { training: true })],
  [
    "batchNorm with ReLU",
    batchRelu,
    (x, w, b) => batchNorm(x, null, w, b, { training: true, activation: "relu" }),
  ],
  [
    "batchNorm with a residual and ReLU",
    batchAddRelu,
    (x, w, b) => {
      using residual = tensor(x.gpu, RESIDUAL, SHAPE);
      return batchNorm(x, null, w, b, { training: true, activation: "relu", residual });
    },
  ],
  ["groupNorm", group, (x, w, b) => groupNorm(x, 2, w, b)],
  ["groupNorm with SiLU", groupSilu, (x, w, b) => groupNorm(x, 2, w, b, { activation: "silu" })],
  ["layerNorm", layer, (x, w, b) => layerNorm(x, w, b)],
];

for (const [name, reference, apply] of CASES) {
  test(`gradients of ${name} equal the differences of the reference`, async ({ gpu }) => {
    using input = tensor(gpu, X, SHAPE, { requiresGrad: true });
    using weight = tensor(gpu, WEIGHT, [4], { requiresGrad: true });
    using bias = tensor(gpu, BIAS, [4], { requiresGrad: true });
    using seed = tensor(gpu, SEED, SHAPE);
    using output = apply(input, weight, bias);
    expectNear(await output.read(), reference(X, WEIGHT, BIAS));
    output.backward(seed);
    const loss: (...operands: Parameters<Reference>) => number = (...operands) =>
      dot(reference(...operands), SEED);
    expectNear(
      await input.grad?.read(),
      numericalGradient((x) => loss(x, WEIGHT, BIAS), X),
    );
    expectNear(
      await weight.grad?.read(),
      numericalGradient((w) => loss(X, w, BIAS), WEIGHT),
    );
    expectNear(
      await bias.grad?.read(),
      numericalGradient((b) => loss(X, WEIGHT, b), BIAS),
    );
  });
}

test("training moves the running moments, evaluation normalises by them", async ({ gpu }) => {
  using input = tensor(gpu, X, SHAPE, { requiresGrad: true });
  const running = {
    mean: tensor(gpu, [0, 0, 0, 0], [4]),
    variance: tensor(gpu, [1, 1, 1, 1], [4]),
  };
  batchNorm(input, running, null, null, { training: true, momentum: 0.5 }).dispose();
  const { mean, variance } = batchNormReference(X, SHAPE, null, null, EPS);
  const movedMean = Float64Array.from(mean, (value) => 0.5 * value);
  const movedVariance = Float64Array.from(variance, (value) => 0.5 + 0.5 * value * (18 / 17));
  expectNear(await running.mean.read(), movedMean);
  expectNear(await running.variance.read(), movedVariance);

  using output = batchNorm(input, running);
  using seed = tensor(gpu, SEED, SHAPE);
  output.backward(seed);
  const scales = movedVariance.map((value) => 1 / Math.sqrt(value + EPS));
  expectNear(
    await output.read(),
    Float64Array.from(X, (x, i) => (x - movedMean[i % 4]!) * scales[i % 4]!),
  );
  expectNear(
    await input.grad?.read(),
    Float64Array.from(SEED, (g, i) => g * scales[i % 4]!),
  );
  running.mean.dispose();
  running.variance.dispose();
});

test("a residual receives the gradient before the ReLU, or the output's without one", async ({
  gpu,
}) => {
  using input = tensor(gpu, X, SHAPE);
  using seed = tensor(gpu, SEED, SHAPE);
  const ones = new Float32Array(4).fill(1);
  const sums = batchAddRelu(X, ones, new Float32Array(4));
  for (const activation of ["relu", null] as const) {
    using residual = tensor(gpu, RESIDUAL, SHAPE, { requiresGrad: true });
    using output = batchNorm(input, null, null, null, { training: true, activation, residual });
    output.backward(seed);
    const expected = SEED.map((g, i) => g * (activation === null || sums[i]! > 0 ? 1 : 0));
    expect(await residual.grad?.read()).toEqual(expected);
  }
});

test("ReLU and its mask take no passes of their own", async ({ gpu }) => {
  using input = tensor(gpu, X, SHAPE, { requiresGrad: true });
  using seed = tensor(gpu, SEED, SHAPE);
  const { dispatches } = await gpu.profile(() => {
    using output = batchNorm(input, null, null, null, { training: true, activation: "relu" });
    output.backward(seed);
  });
  const names = ["moments", "merge-moments", "normalize", "grad-sums", "merge-sums", "grad-input"];
  expect(dispatches.map(({ name }) => name)).toEqual(names.map((name) => `norm-${name}`));
});

test("a residual of another shape is refused with the remedy", ({ gpu }) => {
  using input = tensor(gpu, X, SHAPE);
  using residual = tensor(gpu, [1, 2, 3, 4], [4]);
  expect(() => batchNorm(input, null, null, null, { training: true, residual })).toThrow(
    new ShapeError(
      "batchNorm: the residual has not the input's shape\n" +
        "  input     [2, 3, 3, 4]\n  residual  [4]\n" +
        "Bring it to that shape first, with a convolution of its own.",
    ),
  );
});

test("a frozen input costs no gradient of it", async ({ gpu }) => {
  using input = tensor(gpu, X, SHAPE);
  using weight = tensor(gpu, WEIGHT, [4], { requiresGrad: true });
  using bias = tensor(gpu, BIAS, [4]);
  using output = groupNorm(input, 4, weight, bias);
  using seed = tensor(gpu, SEED, SHAPE);
  const names: string[] = [];
  const { dispatches } = await gpu.profile(() => output.backward(seed));
  for (const { name } of dispatches) names.push(name);
  expect(names).toEqual(["norm-grad-sums", "norm-merge-sums", "slab-sum"]);
  expect([input.grad, bias.grad]).toEqual([null, null]);
});

test("evaluation without running moments is refused with the remedy", ({ gpu }) => {
  using input = tensor(gpu, X, SHAPE);
  expect(() => batchNorm(input, null)).toThrow(
    new UsageError(
      "batchNorm: there are no running moments to normalise by\n" +
        "  input  [2, 3, 3, 4]\nPass them, or { training: true }.",
    ),
  );
});
