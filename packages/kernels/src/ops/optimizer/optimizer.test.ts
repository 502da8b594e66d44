import { randomFloats } from "@fauxgrad/testing";
import { expect as expectValue, test as plainTest } from "vitest";
import { expect, test } from "../../test-gpu.ts";
import { type AdamOptions, adamStep } from "./adam.ts";
import { sumSquares } from "./norm.ts";
import { type AdamState, adamReference, type SgdState, sgdReference } from "./reference.ts";
import { type SgdOptions, sgdStep } from "./sgd.ts";

const STEPS = 4;
/** Around a vector and a workgroup's 1,024 elements. */
const SIZES = [1, 6, 1025];
/** Roundings of one step of either formula, division and square root at their granted ulps. */
const ROUNDINGS = 24;

const SGD: readonly SgdOptions[] = [
  { lr: 0.1 },
  { lr: 0.1, weightDecay: 0.25 },
  { lr: 0.1, momentum: 0.875 },
  { lr: 0.1, momentum: 0.875, dampening: 0.5, weightDecay: 0.25 },
  { lr: 0.1, momentum: 0.875, nesterov: true },
];

test.for(SGD)("SGD matches the reference over several steps: %o", async (options, { gpu }) => {
  for (const size of SIZES) {
    const start = randomFloats(size, 1);
    let states = Array.from(start, (parameter): SgdState => ({ parameter }));
    using parameter = gpu.upload(start, [size]);
    // Garbage, NaN included: the first step must not read it.
    using buffer = gpu.upload(new Float32Array(size).fill(Number.NaN), [size]);
    for (let step = 0; step < STEPS; step++) {
      const g = randomFloats(size, 10 + step);
      using grad = gpu.upload(g, [size]);
      sgdStep(gpu, parameter, grad, options.momentum ? buffer : null, {
        ...options,
        first: step === 0,
      });
      states = states.map((state, i) => sgdReference(state, g[i]!, options));
    }
    const data = Float64Array.from(states, (state) => state.parameter);
    const reference = { data, magnitude: data.map(() => 4), shape: [size] };
    const terms = STEPS * ROUNDINGS;
    expect(await parameter.read()).toMatchReference(reference, { terms });
    const wrong = { ...reference, data: data.with(0, data[0]! + 1e-3) };
    expect(await parameter.read()).not.toMatchReference(wrong, { terms });
  }
});

const ADAM: readonly Omit<AdamOptions, "step">[] = [
  { lr: 0.01 },
  { lr: 0.01, betas: [0.5, 0.75], eps: 2 ** -10 },
  { lr: 0.01, weightDecay: 0.25 },
  { lr: 0.01, weightDecay: 0.25, decoupled: true },
];

test.for(ADAM)("Adam matches the reference over several steps: %o", async (options, { gpu }) => {
  for (const size of SIZES) {
    const start = randomFloats(size, 2);
    let states = Array.from(start, (parameter): AdamState => ({ parameter, first: 0, second: 0 }));
    using parameter = gpu.upload(start, [size]);
    using first = gpu.zeros([size]);
    using second = gpu.zeros([size]);
    for (let step = 1; step <= STEPS; step++) {
      const g = randomFloats(size, 20 + step);
      using grad = gpu.upload(g, [size]);
      adamStep(gpu, parameter, grad, { first, second }, { ...options, step });
      states = states.map((state, i) => adamReference(state, g[i]!, { ...options, step }));
    }
    const terms = STEPS * ROUNDINGS;
    const check = async (actual: Float32Array, value: (state: AdamState) => number) => {
      const data = Float64Array.from(states, value);
      const reference = { data, magnitude: data.map(() => 1), shape: [size] };
      expect(actual).toMatchReference(reference, { terms });
      const wrong = { ...reference, data: data.with(0, data[0]! + 1e-4) };
      expect(actual).not.toMatchReference(wrong, { terms });
    };
    await check(await parameter.read(), (state) => state.parameter);
    await check(await first.read(), (state) => state.first);
    await check(await second.read(), (state) => state.second);
  }
});

test("bias correction stays exact after many steps", async ({ gpu }) => {
  // A constant gradient: both corrected moments are constant, so every step is lr · sign.
  using parameter = gpu.upload([0], [1]);
  using grad = gpu.upload([3], [1]);
  using first = gpu.upload([3 * (1 - 0.9 ** 4999)], [1]);
  using second = gpu.upload([9 * (1 - 0.999 ** 4999)], [1]);
  adamStep(gpu, parameter, grad, { first, second }, { lr: 0.5, step: 5000 });
  const reference = { data: Float64Array.of(-0.5), shape: [1] };
  expect(await parameter.read()).toMatchReference(reference, { terms: ROUNDINGS });
});

test("sumSquares sums the squares of all elements", async ({ gpu }) => {
  const x = randomFloats(3001, 3);
  const data = Float64Array.of(x.reduce((sum, value) => sum + value ** 2, 0));
  using input = gpu.upload(x, [3001]);
  using norm = sumSquares(gpu, input);
  expect(norm.shape).toEqual([]);
  // Three stages: rows of 64, lanes of 64, and the squares themselves.
  expect(await norm.read()).toMatchReference({ data, shape: [] }, { terms: 130 });
});

plainTest("the references take PyTorch's steps", () => {
  let sgd: SgdState = { parameter: 1 };
  let adam: AdamState = { parameter: 1, first: 0, second: 0 };
  let adamW: AdamState = adam;
  for (const [i, g] of [0.5, -1.5, 0.25].entries()) {
    const step = i + 1;
    sgd = sgdReference(sgd, g, {
      lr: 0.1,
      momentum: 0.9,
      dampening: 0.25,
      weightDecay: 0.01,
    });
    adam = adamReference(adam, g, { lr: 0.01, step, weightDecay: 0.1 });
    adamW = adamReference(adamW, g, { lr: 0.01, step, weightDecay: 0.1, decoupled: true });
  }
  // torch.optim.SGD / Adam / AdamW with these options, float64, gradients 0.5, -1.5, 0.25.
  expectValue(sgd.parameter).toBeCloseTo(1.0546765088125, 12);
  expectValue(adam.parameter).toBeCloseTo(0.9959434486824371, 9);
  expectValue(adamW.parameter).toBeCloseTo(0.9947349274974197, 9);
});

test("operands of other shapes, missing buffers and step 0 are refused", ({ gpu }) => {
  using parameter = gpu.zeros([2, 3]);
  using grad = gpu.zeros([6]);
  expect(() => sgdStep(gpu, parameter, grad, null, { lr: 1 })).toThrow(
    "sgdStep: grad must have the parameter's shape\n  parameter  [2, 3]\n  grad  [6]\n" +
      "Keep one array per parameter for gradients and state.",
  );
  expect(() => sgdStep(gpu, parameter, parameter, null, { lr: 1, momentum: 0.9 })).toThrow(
    "sgdStep: buffer must have the parameter's shape",
  );
  const moments = { first: grad, second: grad };
  expect(() => adamStep(gpu, grad, grad, moments, { lr: 1, step: 0 })).toThrow(
    "adamStep: step = 0\nCount steps from 1.",
  );
});
