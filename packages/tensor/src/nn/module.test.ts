import { UsageError } from "@fauxgrad/kernels";
import { randomFloats } from "@fauxgrad/testing";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { constant, normal } from "./init.ts";
import { convolution, linear } from "./layout.ts";
import { Module } from "./module.ts";
import { Buffer, Counter, type HostTensorLike, Parameter } from "./parameter.ts";

class Norm extends Module {
  // Buffers come after parameters in a state dict, wherever they are declared.
  readonly runningMean = new Buffer([4], { init: constant(0) });
  readonly numBatchesTracked = new Counter();
  readonly weight = new Parameter([4], { init: constant(1) });
  readonly scratch = new Buffer([2], { init: constant(3), persistent: false });
}

class Block extends Module {
  readonly conv = new Parameter([4, 2, 3, 3], { init: normal(), layout: convolution });
  readonly bn1 = new Norm();
  readonly downsample: Norm | null;

  constructor(downsample: boolean) {
    super();
    this.downsample = downsample ? new Norm() : null;
  }
}

class Network extends Module {
  override readonly names = { auxLogits: "AuxLogits", convStem: "_conv_stem" };
  readonly blocks = [new Block(false), new Block(true)];
  readonly Mixed_5b = new Norm();
  readonly auxLogits = new Parameter([3, 4], { init: normal(), layout: linear });
  readonly convStem = new Norm();
  readonly width = 4;
}

const networkKeys = [
  "AuxLogits",
  "blocks.0.conv",
  "blocks.0.bn1.weight",
  "blocks.0.bn1.running_mean",
  "blocks.0.bn1.num_batches_tracked",
  "blocks.1.conv",
  "blocks.1.bn1.weight",
  "blocks.1.bn1.running_mean",
  "blocks.1.bn1.num_batches_tracked",
  "blocks.1.downsample.weight",
  "blocks.1.downsample.running_mean",
  "blocks.1.downsample.num_batches_tracked",
  "Mixed_5b.weight",
  "Mixed_5b.running_mean",
  "Mixed_5b.num_batches_tracked",
  "_conv_stem.weight",
  "_conv_stem.running_mean",
  "_conv_stem.num_batches_tracked",
];

test("names and order follow PyTorch; no device is needed to count", () => {
  const network = new Network();
  expect([...network.expectedState().keys()]).toEqual(networkKeys);
  expect(network.expectedState().get("blocks.1.conv")).toEqual([4, 2, 3, 3]);
  expect(network.numParameters()).toBe(2 * 72 + 12 + 5 * 4);
  expect([...network.namedParameters().keys()]).toEqual(
    networkKeys.filter((key) => !/running|tracked/.test(key)),
  );
});

test("a parameter under two names is counted once and saved twice", () => {
  class Tied extends Module {
    readonly encoder = new Parameter([3, 4], { init: normal() });
    readonly decoder = this.encoder;
  }
  const tied = new Tied();
  expect(tied.parameters()).toHaveLength(1);
  expect([...tied.expectedState().keys()]).toEqual(["encoder", "decoder"]);
});

test("members can be replaced where names are computed", () => {
  class Pyramid extends Module {
    readonly layers = [new Norm(), new Norm()];
    override *members() {
      for (const [i, layer] of this.layers.entries()) yield [`layer${i}`, layer] as const;
    }
  }
  expect([...new Pyramid().namedParameters().keys()]).toEqual(["layer0.weight", "layer1.weight"]);
});

test("a state dict comes back from the device as it went there", async ({ gpu }) => {
  const network = new Network();
  const given = new Map<string, HostTensorLike>();
  for (const [i, [name, shape]] of [...network.expectedState()].entries()) {
    const size = shape.reduce((product, length) => product * length, 1);
    given.set(
      name,
      name.endsWith("tracked")
        ? { dtype: "int64", shape, data: BigInt64Array.of(BigInt(i)) }
        : { dtype: "float32", shape, data: randomFloats(size, i) },
    );
  }
  expect(network.load(gpu, given)).toEqual({ missing: [], unexpected: [] });
  expect(network.auxLogits.tensor.shape).toEqual([4, 3]);
  expect(network.blocks[0]?.conv.tensor.shape).toEqual([3, 3, 2, 4]);
  const state = await network.stateDict();
  expect([...state.keys()]).toEqual(networkKeys);
  expect(state).toEqual(given);
  network.dispose();
});

test("initial values depend on the seed and on the name alone", async ({ gpu }) => {
  const values = async (module: Block, seed: number) => {
    module.to(gpu, { seed });
    const { data } = await module.conv.read();
    module.dispose();
    return [...data];
  };
  const first = await values(new Block(false), 1);
  expect(await values(new Block(true), 1)).toEqual(first);
  expect(await values(new Block(false), 2)).not.toEqual(first);
  const twins = new Network().to(gpu, { seed: 1 });
  const [a, b] = await Promise.all(twins.blocks.map(({ conv }) => conv.read()));
  expect(a).not.toEqual(b);
  twins.dispose();
});

test("scopes leave a module alone; `to` and `load` keep the tensors that are there", async ({
  gpu,
}) => {
  const norm = new Norm();
  scope(() => norm.to(gpu, { seed: 0 }));
  const { tensor } = norm.weight;
  expect(tensor.isDisposed).toBe(false);
  norm.to(gpu, { seed: 5 });
  const state = new Map([["weight", { dtype: "float32", shape: [4], data: [1, 2, 3, 4] }]]);
  const report = norm.load(gpu, state, { strict: false });
  expect(report).toEqual({ missing: ["running_mean"], unexpected: [] });
  expect(norm.weight.tensor).toBe(tensor);
  expect([...(await tensor.read())]).toEqual([1, 2, 3, 4]);
  norm.dispose();
});

test("copyFrom copies on the device, and refuses another kind of module", async ({ gpu }) => {
  const student = new Block(true).to(gpu, { seed: 1 });
  student.bn1.numBatchesTracked.value = 5;
  const teacher = new Block(true).requiresGrad_(false);
  teacher.copyFrom(student);
  expect(await teacher.stateDict()).toEqual(await student.stateDict());
  expect(teacher.conv.tensor).not.toBe(student.conv.tensor);
  expect(teacher.conv.tensor.requiresGrad).toBe(false);
  expect(() => teacher.copyFrom(new Block(false))).toThrow(
    "the modules differ at downsample.weight\n  here    [4]\n  source  nothing\n",
  );
  expect(() => new Norm().copyFrom(new Network())).toThrow(
    new UsageError(
      "copyFrom: the modules differ at weight\n  here    [4]\n  source  nothing\n" +
        "Copy between modules that were made with the same arguments.",
    ),
  );
  student.dispose();
  teacher.dispose();
});

test("freezing reaches the tensors, before and after they exist", ({ gpu }) => {
  const norm = new Norm().requiresGrad_(false).to(gpu, { seed: 0 });
  expect(norm.weight.tensor.requiresGrad).toBe(false);
  norm.requiresGrad_(true);
  expect(norm.weight.tensor.requiresGrad).toBe(true);
  expect(norm.runningMean.tensor.requiresGrad).toBe(false);
  norm.weight.tensor.backward(norm.weight.tensor);
  expect(norm.weight.tensor.grad).not.toBeNull();
  norm.requiresGrad_(false);
  expect(norm.weight.tensor.grad).toBeNull();
  norm.dispose();
});

test("training mode reaches every module", () => {
  const network = new Network();
  network.eval();
  expect([...network.modules()].map(({ training }) => training)).toEqual(Array(8).fill(false));
  network.blocks[1]?.train();
  expect([...network.modules()].filter(({ training }) => training)).toHaveLength(3);
});

test("what a description cannot do says so", () => {
  expect(() => new Norm().weight.tensor).toThrow(
    new UsageError(
      "Parameter [4] is still a description\n" +
        "Call to(gpu, { seed }) or load(gpu, tensors) on its module first.",
    ),
  );
});

test("load lists everything that does not fit, and changes nothing", async ({ gpu }) => {
  const norm = new Norm().to(gpu, { seed: 0 });
  const tensors = new Map<string, HostTensorLike>([
    ["weight", { dtype: "float32", shape: [4], data: [9, 9, 9, 9] }],
    ["running_mean", { dtype: "float32", shape: [2, 2], data: [1, 2, 3, 4] }],
    ["bias", { dtype: "float32", shape: [4], data: [1, 2, 3, 4] }],
  ]);
  expect(() => norm.load(gpu, tensors)).toThrow(
    new UsageError(
      "load: the tensors do not fit the module: 0 missing, 1 unexpected, 1 mis-shaped\n" +
        "  unexpected  bias\n" +
        "  mis-shaped  running_mean: [2, 2], expected [4]\n" +
        "Check that the file belongs to this network, or pass { strict: false }.",
    ),
  );
  expect([...(await norm.weight.tensor.read())]).toEqual([1, 1, 1, 1]);
  const half = new Map([["weight", { dtype: "float16", shape: [4], data: [1, 2, 3, 4] }]]);
  expect(() => norm.load(gpu, half, { strict: false })).toThrow(
    "  mis-shaped  weight: float16, convert it to float32\n",
  );
  const short = new Map([["weight", { dtype: "float32", shape: [4], data: [1, 2, 3] }]]);
  expect(() => norm.load(gpu, short, { strict: false })).toThrow("weight: 3 values for [4]");
  norm.dispose();

  expect(() => new Norm().load(gpu, new Map(), { strict: false })).toThrow(
    new UsageError(
      "load: 2 tensors are missing and nothing says what to start from\n" +
        "  missing  weight, running_mean\nPass a seed: load(gpu, tensors, { seed }).",
    ),
  );
});

test("a long list of names is cut", ({ gpu }) => {
  expect(() => new Network().load(gpu, new Map())).toThrow(
    /: 13 missing, .*\n(?: {2}missing {2}.*\n){12} {2}… 1 more\n/,
  );
});
