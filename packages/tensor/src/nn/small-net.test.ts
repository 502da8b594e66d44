// A small network beside its PyTorch original: names, shapes, logits and three training steps.

import { fillByName } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import { add } from "../ops/binary.ts";
import { binaryCrossEntropyWithLogits } from "../ops/losses.ts";
import { relu } from "../ops/unary.ts";
import { SGD } from "../optim/sgd.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { expect, test } from "../test-gpu.ts";
import { ReLU } from "./activation.ts";
import { BatchNorm2d } from "./batch-norm2d.ts";
import { Conv2d } from "./conv2d.ts";
import recorded from "./fixtures/small-net.json" with { type: "json" };
import { GroupNorm } from "./group-norm.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import type { HostTensorLike, StateTensor } from "./parameter.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";
import { Flatten, Sequential } from "./sequential.ts";

class Block extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | null;

  constructor(inputs: number, outputs: number, stride: number) {
    super();
    this.conv1 = new Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false });
    this.bn1 = new BatchNorm2d(outputs);
    this.conv2 = new Conv2d(outputs, outputs, 3, { padding: 1, groups: 2 });
    this.bn2 = new BatchNorm2d(outputs);
    this.downsample =
      stride === 1
        ? null
        : new Sequential(
            new Conv2d(inputs, outputs, 1, { stride, bias: false }),
            new BatchNorm2d(outputs),
          );
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const inner = relu(this.bn1.forward(this.conv1.forward(input)));
      const sum = this.bn2.forward(this.conv2.forward(inner));
      return relu(add(sum, this.downsample?.forward(input) ?? input));
    });
  }
}

class Network extends Module {
  readonly conv1 = new Conv2d(3, 8, 3, { padding: 1, bias: false });
  readonly bn1 = new BatchNorm2d(8);
  readonly maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
  readonly layer1 = new Sequential(new Block(8, 8, 1), new Block(8, 16, 2));
  readonly gn = new GroupNorm(4, 16);
  readonly avgpool = new AvgPool2d(2);
  readonly classifier = new Sequential(
    new Flatten(),
    new Linear(64, 6, { flattened: [16, 2, 2] }),
    new LayerNorm(6),
    new ReLU(),
    new Linear(6, 1),
  );

  forward(input: Tensor): Tensor {
    return scope(() => {
      const stem = this.maxpool.forward(relu(this.bn1.forward(this.conv1.forward(input))));
      const features = this.gn.forward(this.layer1.forward(stem));
      return this.classifier.forward(this.avgpool.forward(features));
    });
  }
}

/** The values of the fixture's script, by name. */
function initialState(): Map<string, HostTensorLike> {
  const fill = (name: string, shape: readonly number[]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    if (name.endsWith("running_var")) return fillByName(name, size, 0.5, 1);
    if (!name.endsWith("weight")) return fillByName(name, size, 0.1);
    if (shape.length === 1) return fillByName(name, size, 0.2, 1);
    return fillByName(name, size, Math.sqrt((6 * (shape[0] ?? 1)) / size));
  };
  return new Map(
    Object.entries(recorded.state)
      .filter(([name]) => !name.endsWith("tracked"))
      .map(([name, shape]) => [name, { dtype: "float32", shape, data: fill(name, shape) }]),
  );
}

/** `[4, 3, 16, 16]` of the fixture as `[4, 16, 16, 3]`. */
function image(): Float32Array {
  const planes = fillByName("image", 4 * 3 * 256);
  return Float32Array.from(planes, (_, i) => {
    const [n, pixel, c] = [Math.floor(i / 768), Math.floor(i / 3) % 256, i % 3];
    return planes[(n * 3 + c) * 256 + pixel]!;
  });
}

function norm({ data }: StateTensor): number {
  return Math.sqrt(Array.from(data, Number).reduce((sum, value) => sum + value * value, 0));
}

/**
 * Twelve layers, each sums of at most 72 products of values of the order of 1: relative errors of
 * about 12 · 72 · 2⁻²⁴ in the worst case, and the batch statistics of 16 values a channel amplify
 * them by their inverse deviation, here below 4.
 */
const RELATIVE = 4 * 12 * 72 * 2 ** -24;

function expectNear(actual: number, expected: number, what: string): void {
  expect(Math.abs(actual - expected), what).toBeLessThan(RELATIVE * Math.max(1, expected));
}

test("names, order and shapes are PyTorch's", () => {
  const network = new Network();
  expect([...network.expectedState()]).toEqual(Object.entries(recorded.state));
  expect([...network.namedParameters().keys()]).toEqual(recorded.parameters);
  expect(network.numParameters()).toBe(recorded.numParameters);
});

test("logits, gradients and three steps of SGD are PyTorch's; nothing leaks", async ({ gpu }) => {
  const network = new Network();
  network.load(gpu, initialState());
  const optimizer = new SGD(network.namedParameters(), {
    lr: 0.05,
    momentum: 0.9,
    weightDecay: 1e-4,
  });
  const input = tensor(gpu, image(), [4, 16, 16, 3]);
  const labels = tensor(gpu, [0, 1, 1, 0], [4, 1]);
  const logits = await scope(() => network.eval().forward(input).read());
  recorded.evalLogits.forEach((expected, i) => {
    expectNear(logits[i]!, expected, `logit ${i}`);
  });
  network.train();
  for (const [step, expected] of recorded.losses.entries()) {
    await scope(async () => {
      const loss = binaryCrossEntropyWithLogits(network.forward(input), labels);
      optimizer.zeroGrad();
      loss.backward();
      expectNear(await loss.item(), expected, `loss ${step}`);
      if (step > 0) return;
      for (const [name, parameter] of network.namedParameters()) {
        const data = await parameter.tensor.grad!.read();
        const expected = recorded.gradNorms[name as keyof typeof recorded.gradNorms];
        expectNear(norm({ dtype: "float32", shape: [], data }), expected, name);
      }
    });
    optimizer.step();
  }
  for (const [name, state] of await network.stateDict()) {
    expectNear(norm(state), recorded.norms[name as keyof typeof recorded.norms], name);
  }
  for (const one of [network, optimizer, input, labels]) one.dispose();
  expect(gpu.stats.arrays).toBe(0);
});

test("an image's gradient through the frozen network computes no weight's, and leaks nothing", async ({
  gpu,
}) => {
  const network = new Network().requiresGrad_(false).eval();
  network.load(gpu, initialState());
  const input = tensor(gpu, image(), [4, 16, 16, 3], { requiresGrad: true });
  const run = () =>
    scope(() => {
      input.zeroGrad();
      network.forward(input).backward(tensor(gpu, [1, 1, 1, 1], [4, 1]));
    });
  run();
  // The first pass left the packed weights it derived, which are kept for the next.
  const { arrays } = gpu.stats;
  run();
  expect(gpu.stats.arrays).toBe(arrays);
  expect(input.grad?.shape).toEqual([4, 16, 16, 3]);
  expect(network.parameters().every(({ tensor: { grad } }) => grad === null)).toBe(true);
  input.dispose();
  network.dispose();
});
