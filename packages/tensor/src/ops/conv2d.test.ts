// Plan: gradients of all operands against the float64 reference through the graph, with scale and
// activation; what nobody asked for is not computed; memory returns.

import { conv2dGeometry } from "@fauxgrad/kernels";
import {
  conv2dGradInputReference,
  conv2dGradWeightReference,
  conv2dReference,
} from "@fauxgrad/kernels/reference/conv2d";
import { randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { expect, test } from "../test-gpu.ts";
import { conv2d } from "./conv2d.ts";
import { linear } from "./linear.ts";
import { silu } from "./unary.ts";

const SHAPE = { input: [2, 5, 6, 4], weight: [3, 3, 4, 6] };
const OPTIONS = { stride: 2, padding: 1 };

test("gradients through scale, bias and a leaky ReLU equal the reference's", async ({ gpu }) => {
  const g = conv2dGeometry(SHAPE.input, SHAPE.weight, OPTIONS);
  const hostInput = randomFloats(240, 1);
  const hostWeight = randomFloats(216, 2);
  const hostBias = randomFloats(6, 3);
  const hostSeed = randomFloats(g.n * g.oh * g.ow * g.o, 4);
  using input = tensor(gpu, hostInput, SHAPE.input, { requiresGrad: true });
  using weight = tensor(gpu, hostWeight, SHAPE.weight, { requiresGrad: true });
  using bias = tensor(gpu, hostBias, [6], { requiresGrad: true });
  using seed = tensor(gpu, hostSeed, [g.n, g.oh, g.ow, g.o]);
  const activation = { slope: 0.2, gain: 2 };
  using output = conv2d(input, weight, bias, { ...OPTIONS, scale: 0.5, activation });
  output.backward(seed);

  const sums = conv2dReference(hostInput, hostWeight, g);
  const before = hostSeed.map((v, i) => {
    return v * 2 * (0.5 * sums.data[i]! + hostBias[i % 6]! > 0 ? 1 : 0.2);
  });
  const half = before.map((v) => v / 2);
  expect(await input.grad?.read()).toMatchReference(conv2dGradInputReference(half, hostWeight, g), {
    terms: 9 * 6 + 4,
  });
  expect(await weight.grad?.read()).toMatchReference(
    conv2dGradWeightReference(hostInput, half, g),
    { terms: g.n * g.oh * g.ow + 4 },
  );
  const biasGrad = new Float64Array(6);
  const magnitude = new Float64Array(6);
  before.forEach((v, i) => {
    biasGrad[i % 6]! += v;
    magnitude[i % 6]! += Math.abs(v);
  });
  expect(await bias.grad?.read()).toMatchReference(
    { data: biasGrad, magnitude, shape: [6] },
    { terms: g.n * g.oh * g.ow + 2 },
  );
});

test("a residual is added before the ReLU, and receives the gradient before it", async ({
  gpu,
}) => {
  const g = conv2dGeometry(SHAPE.input, SHAPE.weight, OPTIONS);
  const shape = [g.n, g.oh, g.ow, g.o];
  const host = { input: randomFloats(240, 1), weight: randomFloats(216, 2) };
  const hostResidual = randomFloats(g.n * g.oh * g.ow * g.o, 5);
  const hostSeed = hostResidual.map((v) => 1 - v);
  using input = tensor(gpu, host.input, SHAPE.input, { requiresGrad: true });
  using weight = tensor(gpu, host.weight, SHAPE.weight);
  using residual = tensor(gpu, hostResidual, shape, { requiresGrad: true });
  using seed = tensor(gpu, hostSeed, shape);
  using output = conv2d(input, weight, null, { ...OPTIONS, activation: { slope: 0 }, residual });
  output.backward(seed);
  const sums = conv2dReference(host.input, host.weight, g).data;
  const before = hostSeed.map((v, i) => (sums[i]! + hostResidual[i]! > 0 ? v : 0));
  expect(await residual.grad?.read()).toEqual(before);
  const expected = conv2dGradInputReference(before, host.weight, g);
  expect(await input.grad?.read()).toMatchReference(expected, { terms: 9 * 6 + 1 });
});

test("a SiLU shares the pass where no gradient is recorded", async ({ gpu }) => {
  using input = tensor(gpu, randomFloats(240, 1), SHAPE.input);
  using weight = tensor(gpu, randomFloats(216, 2), SHAPE.weight);
  const { dispatches } = await gpu.profile(() => {
    conv2d(input, weight, null, { ...OPTIONS, activation: "silu" }).dispose();
  });
  expect(dispatches.map(({ name }) => name.split(".")[0])).toContain("conv2d");
  expect(dispatches.map(({ name }) => name)).not.toContain("unary");
});

test("a SiLU that is differentiated equals one of its own", async ({ gpu }) => {
  using weight = tensor(gpu, randomFloats(216, 2), SHAPE.weight);
  const forms: ((input: Tensor) => Tensor)[] = [
    (input) => conv2d(input, weight, null, { ...OPTIONS, activation: "silu" }),
    (input) => scope(() => silu(conv2d(input, weight, null, OPTIONS))),
  ];
  const results: (Float32Array | undefined)[][] = [];
  for (const form of forms) {
    using input = tensor(gpu, randomFloats(240, 1), SHAPE.input, { requiresGrad: true });
    using output = form(input);
    using seed = tensor(gpu, new Float32Array(output.size).fill(1), output.shape);
    output.backward(seed);
    results.push([await output.read(), await input.grad?.read()]);
  }
  expect(results[0]).toEqual(results[1]);
  expect(results[0]?.[1]?.some((value) => value !== 0)).toBe(true);
});

test("a frozen weight costs no weight gradient", async ({ gpu }) => {
  using input = tensor(gpu, randomFloats(240, 1), SHAPE.input, { requiresGrad: true });
  using weight = tensor(gpu, randomFloats(216, 2), SHAPE.weight);
  using output = conv2d(input, weight, null, OPTIONS);
  using seed = tensor(gpu, new Float32Array(output.size).fill(1), output.shape);
  const { kernels } = await gpu.profile(() => output.backward(seed));
  expect(kernels.map(({ name }) => name).filter((name) => /weight/i.test(name))).toEqual([
    "conv2d.packWeight",
  ]);
  expect(weight.grad).toBeNull();
});

test("linear: gradients of [2, 3, 4] × [4, 5] equal the sums", async ({ gpu }) => {
  const hostInput = randomFloats(24, 1);
  const hostWeight = randomFloats(20, 2);
  using input = tensor(gpu, hostInput, [2, 3, 4], { requiresGrad: true });
  using weight = tensor(gpu, hostWeight, [4, 5], { requiresGrad: true });
  using output = linear(input, weight);
  using seed = tensor(gpu, new Float32Array(30).fill(1), [2, 3, 5]);
  output.backward(seed);
  const rowSum = (i: number) => [0, 1, 2, 3, 4].reduce((sum, o) => sum + hostWeight[i * 5 + o]!, 0);
  const columnSum = (i: number) => {
    return [0, 1, 2, 3, 4, 5].reduce((sum, row) => sum + hostInput[row * 4 + i]!, 0);
  };
  expect(await input.grad?.read()).toMatchReference(
    {
      data: Float64Array.from({ length: 24 }, (_, at) => rowSum(at % 4)),
      magnitude: new Float64Array(24).fill(5),
      shape: [2, 3, 4],
    },
    { terms: 6 },
  );
  expect(await weight.grad?.read()).toMatchReference(
    {
      data: Float64Array.from({ length: 20 }, (_, at) => columnSum(Math.floor(at / 5))),
      magnitude: new Float64Array(20).fill(6),
      shape: [4, 5],
    },
    { terms: 8 },
  );
});
