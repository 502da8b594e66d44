import { ones, scope, tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { IdinvertEncoder } from "./idinvert-encoder.ts";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { filledState, image, networkRule } from "./test-vectors.ts";

const SMALL = { resolution: 32, channels: 8, maxChannels: 32, codeSize: 10 };

describe("the description alone", () => {
  test("parameters and entries are those of the released encoders", () => {
    const network = new IdinvertEncoder();
    expect(network.numParameters()).toBe(165_326_848);
    const state = network.expectedState();
    const parts = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    const norm = (name: string) => parts.map((part) => `${name}.bn.${part}`);
    const residual = [1, 2, 3, 4, 5, 6].flatMap((k) => [
      ...(k <= 4 ? [`block${k}.conv.weight`, ...norm(`block${k}.bn`)] : []),
      ...[1, 2].flatMap((i) => [
        `block${k}.conv${i}.weight`,
        `block${k}.wscale${i}.bias`,
        ...norm(`block${k}.bn${i}`),
      ]),
    ]);
    const names = [
      "block0.conv.weight",
      ...norm("block0.bn"),
      ...residual,
      "block7.fc.weight",
      ...norm("block7.bn"),
    ];
    expect(names).toHaveLength(120);
    expect([...state.keys()].sort()).toEqual(names.sort());
    expect(state.get("block4.conv1.weight")).toEqual([512, 512, 3, 3]);
    expect(state.get("block4.conv2.weight")).toEqual([1024, 512, 3, 3]);
    expect(state.get("block7.fc.weight")).toEqual([7168, 16_384]);
  });

  test("sizes are inferred from the weights", () => {
    for (const options of [{}, SMALL]) {
      const state = new IdinvertEncoder(options).expectedState();
      expect([...IdinvertEncoder.fromState(state).expectedState()]).toEqual([...state]);
    }
    expect(() => IdinvertEncoder.fromState(new Map())).toThrow(
      "idinvert_encoder: the weights are not those of such a network\n  found  nothing\n" +
        "Pass a state dict with the names block0.conv.weight, …, block7.bn.bn.running_var.",
    );
  });
});

test("a small encoder is PyTorch's", async ({ gpu }) => {
  const tolerance = { output: 1e-5, relative: 1e-4, bytes: 1, byteSum: 1e-5 };
  const vector = recordedVector("idinvert_encoder small");
  await expectNetwork(gpu, new IdinvertEncoder(SMALL), 32, vector, tolerance);
});

test("frozen or not, the codes are the same, and every parameter learns", async ({ gpu }) => {
  const network = new IdinvertEncoder(SMALL).eval();
  network.load(gpu, filledState(network, networkRule));
  const codes = () =>
    scope(() => network.forward(tensor(gpu, image(1, 32), [1, 32, 32, 3])).read());
  const apart = await codes();
  network.requiresGrad_(false);
  const folded = await codes();
  expect(folded).not.toEqual(apart);
  for (const [i, value] of apart.entries()) {
    expect(Math.abs((folded[i] ?? 0) - value)).toBeLessThan(1e-5);
  }
  network.requiresGrad_(true);
  await scope(async () => {
    const output = network.forward(tensor(gpu, image(1, 32), [1, 32, 32, 3]));
    output.backward(ones(gpu, output.shape));
    for (const [name, { tensor: parameter }] of network.namedParameters()) {
      const gradient = await parameter.grad?.read();
      expect(
        gradient?.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });
  network.dispose();
});

test("images of another size are refused", ({ gpu }) => {
  const input = tensor(gpu, new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
  expect(() => new IdinvertEncoder(SMALL).forward(input)).toThrow(
    "idinvert_encoder: input must be images of 3 channels and 32 x 32 pixels\n" +
      "  input     [1, 64, 64, 3]",
  );
  input.dispose();
});
