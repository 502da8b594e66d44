import { concat, flatten, scope, type Tensor, tensor } from "@fauxgrad/tensor";
import { type Member, Module } from "@fauxgrad/tensor/nn";
import { describe, test as plainTest } from "vitest";
import { ForensicTransfer } from "./forensic-transfer.ts";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { filledState, image, networkRule } from "./test-vectors.ts";

/** Latent maps and reconstruction as label 1 in one row, as `networks.py` has them. */
class Joined extends Module {
  readonly #network = new ForensicTransfer();

  override *members(): Iterable<readonly [string, Member]> {
    yield* this.#network.members();
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const { latent, reconstruction } = this.#network.forward(input, [1]);
      return concat([flatten(latent), flatten(reconstruction)], 1);
    });
  }
}

describe("the description alone", () => {
  plainTest("parameters and names are the specification's", () => {
    const network = new ForensicTransfer();
    expect(network.numParameters()).toBe(197_363);
    const state = network.expectedState();
    const names = [...state.keys()].filter((name) => name.endsWith(".weight"));
    expect(names.map((name) => name.slice(0, -".weight".length))).toEqual([
      ...["conv_1_1", "conv_2_1", "bn_2_2", "conv_3_1", "bn_3_2", "conv_4_1", "bn_4_2"],
      ...["conv_5_1", "bn_5_2", "convtranspose_6_2", "bn_6_3", "convtranspose_7_2", "bn_7_3"],
      ...["convtranspose_8_2", "bn_8_3", "convtranspose_9_2", "bn_9_3", "conv_10_1"],
    ]);
    expect([...ForensicTransfer.fromState(state).expectedState()]).toEqual([...state]);
    expect(() => ForensicTransfer.fromState(new Map([["conv1.weight", [1]]]))).toThrow(
      "forensic-transfer: the weights are not those of such a network\n  found  conv1.weight\n" +
        "Pass a state dict with the names conv_1_1.weight, …, conv_10_1.bias.",
    );
  });
});

test("latent maps, reconstruction and input gradient are PyTorch's", async ({ gpu }) => {
  const tolerance = { output: 1e-5, relative: 2e-5, bytes: 1, byteSum: 1e-5 };
  await expectNetwork(gpu, new Joined(), 64, recordedVector("forensic_transfer"), tolerance);
});

test("each image is decoded from its label's half, which alone gets a gradient", async ({
  gpu,
}) => {
  const network = new ForensicTransfer().eval();
  network.load(gpu, filledState(network, networkRule));
  const pixels = image(1, 32);
  const twice = new Float32Array([...pixels, ...pixels]);
  const { both, alone, gradient } = await scope(async () => {
    const { latent, reconstruction } = network.forward(tensor(gpu, twice, [2, 32, 32, 3]), [0, 1]);
    expect(latent.shape).toEqual([2, 2, 2, 128]);
    expect(reconstruction.shape).toEqual([2, 32, 32, 3]);
    const single = network.forward(tensor(gpu, pixels, [1, 32, 32, 3]), [1]).reconstruction;
    const leaf = tensor(gpu, await latent.read(), latent.shape, { requiresGrad: true });
    const decoded = network.decode(leaf, [0, 1]);
    decoded.backward(tensor(gpu, twice, decoded.shape));
    return {
      both: await reconstruction.read(),
      alone: await single.read(),
      gradient: (await leaf.grad?.read()) ?? new Float32Array(),
    };
  });
  const half = both.length / 2;
  expect(both.subarray(half)).toEqual(alone);
  expect(both.subarray(0, half)).not.toEqual(alone);
  const owned = (i: number) => Math.floor((i % 128) / 64) === (i < gradient.length / 2 ? 0 : 1);
  expect(gradient.every((value, i) => owned(i) || value === 0)).toBe(true);
  expect(gradient.filter((value, i) => owned(i) && value !== 0).length).toBeGreaterThan(64);
  network.dispose();
});

test("what is wrong with images and labels is said", ({ gpu }) => {
  const network = new ForensicTransfer().to(gpu, { seed: 1 });
  scope(() => {
    const odd = tensor(gpu, new Float32Array(40 * 32 * 3), [1, 40, 32, 3]);
    expect(() => network.forward(odd, [1])).toThrow(
      "forensic-transfer: input must be images of 3 channels, and 16 must divide their sides\n" +
        "  input     [1, 40, 32, 3]\n  expected  [N, H, W, 3]\n" +
        "Resize the images, and pass R G B in the last axis.",
    );
    const images = tensor(gpu, new Float32Array(2 * 32 * 32 * 3), [2, 32, 32, 3]);
    expect(() => network.forward(images, [1, 2])).toThrow(
      "forensic-transfer: there must be a label, 0 or 1, for each image\n" +
        "  latent  [2, 2, 2, 128]\n  labels  1, 2\n" +
        "Pass one label for each image: 1 chooses the second half of the channels.",
    );
    expect(() => network.forward(images, [])).toThrow("  labels  none\n");
  });
  network.dispose();
});
