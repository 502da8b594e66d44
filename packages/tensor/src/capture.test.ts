// Training steps, replayed: to the bits of the same steps run one by one.
import { Gpu } from "@fauxgrad/kernels";
import { randomFloats } from "@fauxgrad/testing";
import { describe } from "vitest";
import { capture } from "./capture.ts";
import { tensor } from "./factories.ts";
import { BatchNorm2d, Conv2d, Dropout, DropPath, Linear, Module } from "./nn/index.ts";
import { crossEntropy } from "./ops/losses.ts";
import { adaptiveAvgPool2d } from "./ops/pool2d.ts";
import { sum } from "./ops/reduce.ts";
import { flatten } from "./ops/reshape.ts";
import { relu, square } from "./ops/unary.ts";
import { Adam, AdamW, clipGradNorm, type Optimizer, SGD } from "./optim/index.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import { expect, test } from "./test-gpu.ts";

class Net extends Module {
  readonly conv = new Conv2d(3, 6, 3, { padding: 1 });
  readonly bn = new BatchNorm2d(6);
  readonly path = new DropPath(0.3);
  readonly dropout = new Dropout(0.4);
  readonly fc = new Linear(6, 2);
  forward(input: Tensor): Tensor {
    return scope(() => {
      const maps = this.path.forward(relu(this.bn.forward(this.conv.forward(input))));
      return this.fc.forward(this.dropout.forward(flatten(adaptiveAvgPool2d(maps, 1))));
    });
  }
}

const SHAPE = [5, 7, 6, 3] as const;
const SIZE = 5 * 7 * 6 * 3;
const STEPS = 6;

type MakeOptimizer = (network: Net) => Optimizer;

/** Weights, moments and losses after some steps; the first is run, the second captured. */
async function train(gpu: Gpu, make: MakeOptimizer, isCaptured: boolean) {
  using network = new Net().to(gpu, { seed: 3 });
  using optimizer = make(network);
  using images = tensor(gpu, new Float32Array(SIZE), SHAPE);
  using labels = tensor(gpu, new Float32Array(10), [5, 2]);
  const step = () => {
    network.train();
    const loss = crossEntropy(network.forward(images), labels);
    loss.backward();
    const norm = clipGradNorm(network.parameters(), 0.5);
    optimizer.step();
    optimizer.zeroGrad();
    return { loss: loss.detach(), norm };
  };
  let captured: ReturnType<typeof capture<ReturnType<typeof step>>> | null = null;
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    for (const group of optimizer.groups) group.lr = 0.1 / (i + 1);
    gpu.write(images.data, randomFloats(SIZE, i + 1));
    gpu.write(
      labels.data,
      Float32Array.from({ length: 10 }, (_, j) => (j + i) % 2),
    );
    if (isCaptured && i > 0) {
      if (captured === null) captured = capture(gpu, step, { warmUp: false });
      else captured.replay();
      losses.push(await captured.result.loss.item(), await captured.result.norm.item());
      continue;
    }
    const pending = scope(() => {
      const { loss, norm } = step();
      return [loss.item(), norm.item()];
    });
    losses.push(...(await Promise.all(pending)));
  }
  const weights = await bytesOf(await network.stateDict());
  const { tensors } = await optimizer.state();
  const draws = [network.path.drawState, network.dropout.drawState];
  const stats = captured?.stats;
  captured?.dispose();
  return { seen: { losses, weights, memory: await bytesOf(tensors), draws }, stats };
}

async function bytesOf(state: ReadonlyMap<string, { readonly data: ArrayBufferView }>) {
  return [...state].map(([name, { data }]) => [
    name,
    [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)].join(),
  ]);
}

const optimizers: Record<string, MakeOptimizer> = {
  "SGD with momentum": (network) =>
    new SGD(network.namedParameters(), { lr: 0.1, momentum: 0.9, nesterov: true }),
  "plain SGD": (network) => new SGD(network.namedParameters(), { lr: 0.1, weightDecay: 0.01 }),
  Adam: (network) => new Adam(network.namedParameters(), { lr: 0.1 }),
  AdamW: (network) => new AdamW(network.namedParameters(), { lr: 0.1 }),
};

describe.each(Object.entries(optimizers))("%s", (_, make) => {
  test.for([true, false])(
    "replayed steps give the eager ones' bits, immediates: %s",
    async (immediates, { device }) => {
      const gpu = new Gpu(device, { immediates });
      const eager = await train(gpu, make, false);
      const captured = await train(gpu, make, true);
      expect(captured.seen).toEqual(eager.seen);
      // The masks were not the first step's each time.
      expect(eager.seen.draws.map((state) => state?.draws)).toEqual([STEPS, STEPS]);
      expect(gpu.stats).toMatchObject({ arrays: 0, liveBytes: 0, captures: 0, leaked: 0 });
      gpu.destroy();
    },
  );
});

test("an optimizer's memory that begins with the capture is not cleared by replays", async ({
  gpu,
}) => {
  using weight = tensor(gpu, [1, 2], [2], { requiresGrad: true });
  using adam = new Adam([weight], { lr: 0.1 });
  using sgd = new SGD([weight], { lr: 0.1, momentum: 0.5 });
  const step = () => {
    sum(square(weight)).backward();
    adam.step();
    sgd.step();
    weight.zeroGrad();
  };
  const captured = capture(gpu, step, { warmUp: false });
  captured.replay();
  captured.replay();
  const replayed = await weight.read();
  captured.dispose();
  adam.dispose();
  sgd.dispose();
  gpu.write(weight.data, [1, 2]);
  for (let i = 0; i < 3; i++) scope(step);
  expect(replayed).toEqual(await weight.read());
});

test("what a step depends on and a replay cannot follow is refused", ({ gpu }) => {
  using input = tensor(gpu, [1, 2], [2, 1]);
  const dropout = new Dropout(0.5).to(gpu, { seed: 1 });
  dropout.train();
  using captured = capture(gpu, () => dropout.forward(input));
  captured.replay();
  dropout.p = 0.25;
  expect(() => captured.replay()).toThrow(
    "Dropout: p was 0.5 when the step was captured, and is 0.25\nCapture the step again.",
  );
  dropout.p = 0.5;
  dropout.drawState = { seed: 1, draws: 0, firstSample: 1 };
  expect(() => captured.replay()).toThrow(
    "dropout: firstSample = 1 begins elsewhere in a vector than the captured one\n" +
      "Capture a step for each part of a batch.",
  );

  using weight = tensor(gpu, [1], [1], { requiresGrad: true });
  using sgd = new SGD([weight], { lr: 0.1, momentum: 0.5 });
  using trained = capture(gpu, () => {
    weight.backward();
    sgd.step();
    weight.zeroGrad();
  });
  for (const group of sgd.groups) group.momentum = 0;
  expect(() => trained.replay()).toThrow(
    "sgdStep: momentum = 0 needs another kernel than the captured one\n" +
      "Capture the step again when momentum is switched on or off.",
  );
});

test("results outlive the scope around the call, and go with the capture", async ({ gpu }) => {
  using input = tensor(gpu, [-1, 2], [2]);
  const captured = scope(() => capture(gpu, () => ({ both: [relu(input), square(input)] })));
  gpu.write(input.data, [3, -4]);
  captured.replay();
  const [a, b] = captured.result.both;
  expect([...(await a!.read()), ...(await b!.read())]).toEqual([3, 0, 9, 16]);
  captured.dispose();
  expect([a?.isDisposed, b?.isDisposed]).toEqual([true, true]);
});

test("tensors of host data cannot be made inside", ({ gpu }) => {
  expect(() => capture(gpu, () => tensor(gpu, [1], [1]), { warmUp: false })).toThrow(
    "write: the host cannot write inside capture(): every replay would see the same values\n",
  );
});
