import { EfficientNet, ResNet } from "@fauxgrad/models";
import { add, reshape, scope, tensor, UsageError } from "@fauxgrad/tensor";
import { Conv2d, Linear, Module } from "@fauxgrad/tensor/nn";
import { randomFloats } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { classifierLayer } from "./classifier-layer.ts";
import { codedRegularization } from "./presets.ts";
import type { Regularization } from "./recipe.ts";
import { adaptiveStrength, Penalties, penaltyScope, weightedPenalties } from "./regularization.ts";
import { expect, test } from "./test-gpu.ts";

const coded = { scope: "all-but-fc", fcScope: "weight-and-bias" } as const;

describe("scopes go by layers, not by names", () => {
  const networks = [
    { network: new EfficientNet(), fc: "_fc", convolutions: 81, tensors: 213 },
    {
      network: new ResNet("resnext50_32x4d", { form: "tgd" }),
      fc: "fc",
      convolutions: 53,
      tensors: 161,
    },
  ];
  for (const { network, fc, convolutions, tensors } of networks) {
    plainTest(network.constructor.name, () => {
      expect(classifierLayer(network).name).toBe(fc);
      const names = [`${fc}.weight`, `${fc}.bias`];
      const all = penaltyScope(network, coded);
      expect([...all.fc.keys()]).toEqual(names);
      expect(all.sp.size).toBe(tensors - 2);
      expect(names.some((name) => all.sp.has(name))).toBe(false);
      const paper = penaltyScope(network, { scope: "conv", fcScope: "weight" });
      expect([...paper.fc.keys()]).toEqual(names.slice(0, 1));
      expect(paper.sp.size).toBe(convolutions);
      expect([...paper.sp.values()].every(({ shape }) => shape.length === 4)).toBe(true);
      expect(penaltyScope(network, { ...coded, scope: "all" }).sp.size).toBe(tensors);
    });
  }

  plainTest("a network without a linear layer has no classifier", () => {
    expect(() => penaltyScope(new Conv2d(1, 1, 1), coded)).toThrow(
      new UsageError(
        "Conv2d has no linear layer\n" +
          "T-GD penalises the classifier's weights: pass a network that ends in a Linear.",
      ),
    );
  });
});

class Pair extends Module {
  readonly conv = new Conv2d(2, 3, 1);
  readonly fc = new Linear(3, 2);
}

/** `{ name: values }` of a network. */
async function valuesOf(network: Module): Promise<Map<string, Float32Array>> {
  const state = await network.stateDict();
  return new Map([...state].map(([name, { data }]) => [name, Float32Array.from(data, Number)]));
}

/** `α·f·Σ_sp ‖p − p*‖² + β·f·Σ_fc ‖p‖²`, its parts, and its gradient, in float64. */
function reference(
  values: ReadonlyMap<string, Float32Array>,
  start: ReadonlyMap<string, Float32Array>,
  kind: Regularization,
  weights: { alpha: number; beta: number },
) {
  const { sp, fc } = penaltyScope(new Pair(), kind);
  let [omegaSp, omegaFc] = [0, 0];
  const gradients = new Map<string, Float64Array>();
  for (const [name, own] of values) {
    const gradient = new Float64Array(own.length);
    own.forEach((value, i) => {
      const distance = value - start.get(name)![i]!;
      if (sp.has(name)) omegaSp += kind.factor * distance ** 2;
      if (fc.has(name)) omegaFc += kind.factor * value ** 2;
      gradient[i]! += sp.has(name) ? 2 * kind.factor * weights.alpha * distance : 0;
      gradient[i]! += fc.has(name) ? 2 * kind.factor * weights.beta * value : 0;
    });
    gradients.set(name, gradient);
  }
  return { omegaSp, omegaFc, gradients };
}

const kinds: Regularization[] = [
  codedRegularization,
  { ...codedRegularization, factor: 1, scope: "conv", fcScope: "weight" },
  { ...codedRegularization, scope: "all" },
  { ...codedRegularization, scope: "all", fcScope: "weight" },
];

test.for(kinds)(
  "values and gradients in closed form: $factor, $scope, $fcScope",
  async (kind, { gpu }) => {
    using network = new Pair().to(gpu, { seed: 1 });
    using teacher = new Pair().to(gpu, { seed: 2 });
    const start = teacher.namedParameters();
    const penalties = new Penalties({ network, regularization: kind, start });
    const weights = { alpha: 0.25, beta: 0.5 };
    const expected = reference(await valuesOf(network), await valuesOf(teacher), kind, weights);
    await scope(async () => {
      let before = 0;
      let after = 0;
      const own = new Map<string, Float32Array>();
      for (const [i, [name, parameter]] of [...network.namedParameters()].entries()) {
        const gradient = randomFloats(parameter.size, 30 + i);
        own.set(name, gradient);
        parameter.tensor.backward(tensor(gpu, gradient, parameter.tensor.shape));
      }
      const alpha = tensor(gpu, [weights.alpha], []);
      const read = await penalties.apply(alpha, tensor(gpu, [weights.beta], [])).read();
      for (const [name, parameter] of network.namedParameters()) {
        const penalty = expected.gradients.get(name)!;
        const { shape } = parameter.tensor;
        const given = own.get(name)!;
        // The device's order differs from PyTorch's: what was added is compared as a set of sums.
        const found = await parameter.tensor.grad!.read();
        const added = found.map((value, at) => value - given[at]!);
        const inOrder = new Map([[name, added]]);
        const host = await layoutOf(network, name, inOrder.get(name)!);
        const magnitude = penalty.map((value) => Math.abs(value) + 2);
        expect(host).toMatchReference({ data: penalty, magnitude, shape }, { terms: 6 });
        before += given.reduce((sum, value) => sum + value ** 2, 0);
        after += found.reduce((sum, value) => sum + value ** 2, 0);
      }
      const values = penalties.values(read);
      // Sums of at most nine squares.
      const near = (actual: number, wanted: number) =>
        expect(Math.abs(actual - wanted)).toBeLessThan(32 * 2 ** -24 * wanted);
      near(values.omegaSp, expected.omegaSp);
      near(values.omegaFc, expected.omegaFc);
      near(values.gradNorm, Math.sqrt(before));
      near(values.regularizedGradNorm, Math.sqrt(after));
      const weight = (await valuesOf(network)).get("fc.weight")!;
      near(values.fcNorm, Math.hypot(...weight));
      const total = weightedPenalties({ ...kind, alpha: 0.25, beta: 0.5 }, values, null);
      near(total, 0.25 * expected.omegaSp + 0.5 * expected.omegaFc);
      network.zeroGrad();
    });
  },
);

/** A parameter's array on the device in PyTorch's order. */
async function layoutOf(
  network: Module,
  name: string,
  device: Float32Array,
): Promise<Float32Array> {
  const parameter = network.namedParameters().get(name)!;
  const { gpu, shape } = parameter.tensor;
  const before = Float32Array.from((await parameter.read()).data, Number);
  const plain = await parameter.tensor.read();
  gpu.write(parameter.tensor.data, device);
  const { data } = await parameter.read();
  gpu.write(parameter.tensor.data, plain);
  expect(shape.length).toBeGreaterThan(0);
  expect(before).toHaveLength(device.length);
  return Float32Array.from(data, Number);
}

test("γ is s · σ(−J), and has no history", async ({ gpu }) => {
  await scope(async () => {
    const loss = tensor(gpu, [0.81731872], [], { requiresGrad: true });
    const gamma = adaptiveStrength(reshape(add(loss, tensor(gpu, [0], [])), []), 2);
    expect(gamma.requiresGrad).toBe(false);
    // Section 9.5's γ, doubled; exp and two roundings.
    expect(Math.abs((await gamma.item()) - 2 * 0.30633312)).toBeLessThan(8 * 2 ** -24);
  });
});

test("a starting point that lacks a parameter is refused", ({ gpu }) => {
  using network = new Pair().to(gpu, { seed: 1 });
  const options = { network, regularization: codedRegularization };
  expect(() => new Penalties({ ...options, start: new Map() })).toThrow(
    'Penalties: the starting point has no "conv.weight"\n' +
      "Pass the teacher: a network of the same kind, with the weights that the transfer begins with.",
  );
});
