// Plan: every row of the two tables through the graph, all operands, against differences of the
// float64 reference; broadcasting sums; who asks for nothing gets nothing.

import type { Shape } from "@fauxgrad/kernels";
import {
  binaryReference,
  binaryReferences,
  unaryReferences,
} from "@fauxgrad/kernels/reference/elementwise";
import { randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import type { Tensor } from "../tensor.ts";
import { expect, test } from "../test-gpu.ts";
import { checkGradients } from "../test-gradients.ts";
import { biasActivation } from "./bias-activation.ts";
import { add, div, maximum, minimum, mul, sub } from "./binary.ts";
import * as unary from "./unary.ts";

const UNARY = {
  relu: unary.relu,
  leakyRelu: (x: Tensor) => unary.leakyRelu(x, 0.2, 1.5),
  silu: unary.silu,
  sigmoid: unary.sigmoid,
  tanh: unary.tanh,
  gelu: unary.gelu,
  exp: unary.exp,
  log: unary.log,
  sqrt: unary.sqrt,
  neg: unary.neg,
  abs: unary.abs,
  reciprocal: unary.reciprocal,
  square: unary.square,
  softplus: unary.softplus,
  clamp: (x: Tensor) => unary.clamp(x, { min: -0.5, max: 0.25 }),
  affine: (x: Tensor) => unary.affine(x, -1.5, 0.25),
};
const PARAMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  leakyRelu: { slope: 0.2, gain: 1.5 },
  clamp: { min: -0.5, max: 0.25 },
  affine: { scale: -1.5, shift: 0.25 },
};
/** log, sqrt and reciprocal are undefined or steep at 0. */
const POSITIVE = new Set(["log", "sqrt", "reciprocal"]);

test.for(Object.keys(UNARY) as (keyof typeof UNARY)[])(
  "%s has its gradient",
  async (name, { gpu }) => {
    const x = randomFloats(21, 5).map((value) => (POSITIVE.has(name) ? 1.5 + value : value));
    const { forward } = unaryReferences[name];
    await checkGradients(gpu, {
      op: UNARY[name],
      reference: (at) => at.map((value) => forward(value, PARAMS[name] ?? {})),
      shapes: [[3, 7]],
      values: [x],
      // WGSL grants the built-ins up to 5 ulps; the derivatives are at most three operations more.
      terms: 32,
    });
  },
);

const BINARY = { add, sub, mul, div, maximum, minimum };
const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 5, 4], [4]],
  [
    [2, 1, 1, 4],
    [2, 3, 3, 4],
  ],
  [
    [3, 1],
    [1, 5],
  ],
  [[], [7]],
];

test.for(Object.keys(BINARY) as (keyof typeof BINARY)[])(
  "%s has both its gradients",
  async (name, { gpu }) => {
    for (const [a, b] of PAIRS) {
      const count = (shape: Shape) => shape.reduce((product, size) => product * size, 1);
      await checkGradients(gpu, {
        op: BINARY[name],
        reference: (x, y) =>
          binaryReference(name, { data: x, shape: a }, { data: y, shape: b }).data,
        shapes: [a, b],
        values: [randomFloats(count(a), 1), randomFloats(count(b), 2).map((value) => value + 2.5)],
        // Sums over at most 18 stretched elements, a division each.
        terms: 40,
      });
    }
  },
);

test("ties share the gradient of a maximum and a minimum", async ({ gpu }) => {
  for (const op of [maximum, minimum]) {
    using a = tensor(gpu, [1, 2], [2], { requiresGrad: true });
    using b = tensor(gpu, [1, 5], [2], { requiresGrad: true });
    using seed = tensor(gpu, [3, 4], [2]);
    using output = op(a, b);
    output.backward(seed);
    const wins = op === maximum ? [0, 4] : [4, 0];
    expect([...(await a.grad!.read())]).toEqual([1.5, wins[0]]);
    expect([...(await b.grad!.read())]).toEqual([1.5, wins[1]]);
  }
});

test("an operand multiplied by itself gets both gradients", async ({ gpu }) => {
  await checkGradients(gpu, {
    op: (x) => mul(x!, x!),
    reference: (x) => x.map((value) => value * value),
    shapes: [[6]],
    terms: 4,
  });
});

test("biasActivation has the gradients of its input and its bias", async ({ gpu }) => {
  const gain = Math.fround(Math.SQRT2);
  await checkGradients(gpu, {
    op: (input, bias) => biasActivation(input!, bias!),
    reference: (input, bias) =>
      input.map((value, i) =>
        binaryReferences.biasActivation(value, bias[i % 5]!, Math.fround(0.2), gain),
      ),
    shapes: [[2, 3, 3, 5], [5]],
    terms: 18 + 6,
  });
});

test("frozen operands get no gradient, and cost none", async ({ gpu }) => {
  using image = tensor(gpu, randomFloats(12, 1), [3, 4], { requiresGrad: true });
  using scale = tensor(gpu, randomFloats(4, 2), [4]);
  using output = mul(image, scale);
  using seed = tensor(gpu, randomFloats(12, 3), [3, 4]);
  const { dispatches } = gpu.stats;
  output.backward(seed);
  expect(gpu.stats.dispatches - dispatches).toBe(1);
  expect(scale.grad).toBe(null);
});
