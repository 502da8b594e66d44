import { type Gpu, UsageError } from "@fauxgrad/kernels";
import { randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import { constant, normal } from "../nn/init.ts";
import { convolution } from "../nn/layout.ts";
import { Module } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { Adam, AdamW } from "./adam.ts";
import recorded from "./fixtures/optimizers.json" with { type: "json" };
import type { Optimizer, Trainables } from "./optimizer.ts";
import { SGD } from "./sgd.ts";

const classes = { sgd: SGD, adam: Adam, adamw: AdamW };

/** PyTorch's option names to ours. */
function make(kind: string, recordedOptions: object, parameters: Trainables): Optimizer {
  const { weight_decay: weightDecay, ...options } = recordedOptions as { weight_decay?: number };
  const all = { lr: 0, ...options, ...(weightDecay === undefined ? {} : { weightDecay }) };
  return new classes[kind as keyof typeof classes](parameters, all) as Optimizer;
}

function setGradient(gpu: Gpu, leaf: ReturnType<typeof tensor>, values: readonly number[]): void {
  leaf.zeroGrad();
  leaf.backward(tensor(gpu, values, leaf.shape));
}

test.for(recorded.cases)("$kind with $options takes PyTorch's steps", async (run, { gpu }) => {
  await scope(async () => {
    const leaf = tensor(gpu, recorded.start, [5], { requiresGrad: true });
    using optimizer = make(run.kind, run.options, [leaf]);
    for (const [step, gradient] of recorded.gradients.entries()) {
      setGradient(gpu, leaf, gradient);
      optimizer.step();
      const data = Float64Array.from(run.values[step]!);
      // Errors of about ten operations a step add up; what they are relative to is at most 2.5.
      const magnitude = new Float64Array(5).fill(2.5);
      const terms = 10 * (step + 1);
      expect(await leaf.read()).toMatchReference({ data, magnitude, shape: [5] }, { terms });
    }
    const { tensors } = await optimizer.state();
    expect([...tensors.keys()].sort()).toEqual(
      [...Object.keys(run.state).filter((name) => run.state[name as never]), "step"]
        .map((kind) => `${kind}.0`)
        .sort(),
    );
    for (const [kind, values] of Object.entries(run.state)) {
      if (values === undefined) continue;
      const data = Float64Array.from(values);
      // Sums of four terms, all below 8 in absolute value.
      const magnitude = new Float64Array(5).fill(8);
      const actual = tensors.get(`${kind}.0`)!.data as Float32Array;
      expect(actual).toMatchReference({ data, magnitude, shape: [5] }, { terms: 12 });
    }
  });
});

class Pair extends Module {
  readonly conv = new Parameter([4, 2, 3, 3], { init: normal(), layout: convolution });
  readonly bias = new Parameter([4], { init: constant(0) });
}

function accumulate(gpu: Gpu, pair: Pair, seed: number): void {
  scope(() => {
    pair.zeroGrad();
    for (const { tensor: leaf } of pair.parameters()) {
      leaf.backward(tensor(gpu, randomFloats(leaf.size, seed), leaf.shape));
    }
  });
}

test.for(["sgd", "adam", "adamw"])(
  "a saved state of %s continues bit for bit",
  async (kind, { gpu }) => {
    const options = kind === "sgd" ? { lr: 0.1, momentum: 0.9 } : { lr: 0.01 };
    const pair = new Pair().to(gpu, { seed: 3 });
    const optimizer = make(kind, options, pair.namedParameters());
    for (const seed of [1, 2]) {
      accumulate(gpu, pair, seed);
      optimizer.step();
    }
    const copy = new Pair();
    copy.load(gpu, await pair.stateDict());
    const resumed = make(kind, { lr: 7 }, copy.namedParameters());
    const { groups, tensors } = await optimizer.state();
    expect(groups[0]?.parameters).toEqual(["conv", "bias"]);
    const key = kind === "sgd" ? "momentum_buffer.conv" : "exp_avg.conv";
    expect(tensors.get(key)?.shape).toEqual([4, 2, 3, 3]);
    expect(tensors.get("step.bias")?.data).toEqual(BigInt64Array.of(2n));
    resumed.load({ groups: JSON.parse(JSON.stringify(groups)), tensors });
    expect(resumed.groups[0]?.lr).toBe(options.lr);
    for (const seed of [3, 4]) {
      for (const [module, stepper] of [
        [pair, optimizer],
        [copy, resumed],
      ] as const) {
        accumulate(gpu, module, seed);
        stepper.step();
      }
    }
    expect(await copy.stateDict()).toEqual(await pair.stateDict());
    expect(await resumed.state()).toEqual(await optimizer.state());
    for (const one of [pair, copy, optimizer, resumed]) one.dispose();
  },
);

test("groups have options of their own; what has no gradient is left alone", async ({ gpu }) => {
  await scope(async () => {
    const [a, b, frozen] = [1, 2, 3].map((value) =>
      tensor(gpu, [value], [1], { requiresGrad: true }),
    ) as [ReturnType<typeof tensor>, ReturnType<typeof tensor>, ReturnType<typeof tensor>];
    const optimizer = new SGD(
      [
        { parameters: new Map([["a", a]]) },
        { parameters: new Map([["b", b]]), lr: 0.5 },
        { parameters: new Map([["frozen", frozen]]) },
      ],
      { lr: 0.25, weightDecay: 1, momentum: 0.5 },
    );
    setGradient(gpu, a, [1]);
    setGradient(gpu, b, [1]);
    optimizer.step();
    expect(await a.item()).toBe(1 - 0.25 * 2);
    expect(await b.item()).toBe(2 - 0.5 * 3);
    expect(await frozen.item()).toBe(3);
    expect(
      [...(await optimizer.state()).tensors.keys()].filter((key) => /frozen/.test(key)),
    ).toEqual([]);
    optimizer.zeroGrad();
    expect(a.grad).toBeNull();
    optimizer.dispose();
  });
});

test("what does not fit is refused", async ({ gpu }) => {
  await scope(async () => {
    const leaf = tensor(gpu, [1, 2], [2], { requiresGrad: true });
    expect(() => new SGD([leaf], { lr: 1, nesterov: true })).toThrow(
      new UsageError(
        "SGD: nesterov with momentum = 0 and dampening = 0\n" +
          "Nesterov's momentum needs momentum above 0 and no dampening.",
      ),
    );
    expect(() => new SGD([{ parameters: [leaf] }, { parameters: [leaf] }], { lr: 1 })).toThrow(
      new UsageError(
        'optimizer: parameter "0" is in two groups\n' +
          "Each parameter, and each name, may appear once; pass maps of names with several groups.",
      ),
    );
    const adam = new Adam([leaf]);
    expect(() => adam.load({ groups: [], tensors: new Map() })).toThrow(
      new UsageError(
        "optimizer: the saved groups are not these\n" +
          "  saved  [] parameters\n  here   [1] parameters\n" +
          "Make the optimizer with the groups it was saved with, in their order.",
      ),
    );
    const { groups } = await adam.state();
    const tensors = new Map([["exp_avg.0", { dtype: "float32", shape: [3], data: [1, 2, 3] }]]);
    expect(() => adam.load({ groups, tensors })).toThrow(
      new UsageError(
        'optimizer: "exp_avg.0" does not fit\n  saved  [3]\n  here   [2]\n' +
          "Load the state into an optimizer of the same network.",
      ),
    );
  });
});
