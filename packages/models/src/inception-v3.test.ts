import { tensor } from "@fauxgrad/tensor";
import { InceptionV3 } from "./inception-v3.ts";
import { expect, test } from "./test-gpu.ts";
import {
  expectGradient,
  filledState,
  type GradientVector,
  image,
  inputGradient,
  networkRule,
} from "./test-vectors.ts";

/** Appendix A.3: torchvision in float64 with transform_input, one image of 128 x 128. */
const GRADIENT: GradientVector = {
  sum: -7.902905584,
  l1: 7.149578879e2,
  l2: 4.961165992,
  min: -1.61965174e-1,
  max: 1.954798051e-1,
  points: [-1.889702663e-4, 5.269084736e-2, 0.0, -3.463095185e-2],
  bytes: [115, 153, 116, 91],
  byteSum: 5674796,
};

test("parameters and names are torchvision's, without the auxiliary classifier", () => {
  const network = new InceptionV3();
  // 27,161,264 in all; AuxLogits: conv0 768·128, conv1 128·768·25, their norms, fc 768·1000 + 1000.
  const auxiliary = 768 * 128 + 2 * 128 + 128 * 768 * 25 + 2 * 768 + 768 * 1000 + 1000;
  expect(network.numParameters()).toBe(27_161_264 - auxiliary);
  const names = [...network.expectedState().keys()];
  expect(names).toHaveLength(580 - 14);
  expect(names.slice(0, 7)).toEqual([
    "Conv2d_1a_3x3.conv.weight",
    "Conv2d_1a_3x3.bn.weight",
    "Conv2d_1a_3x3.bn.bias",
    "Conv2d_1a_3x3.bn.running_mean",
    "Conv2d_1a_3x3.bn.running_var",
    "Conv2d_1a_3x3.bn.num_batches_tracked",
    "Conv2d_2a_3x3.conv.weight",
  ]);
  const shapes = network.expectedState();
  expect(shapes.get("Mixed_6c.branch7x7_2.conv.weight")).toEqual([160, 160, 1, 7]);
  expect(shapes.get("Mixed_6c.branch7x7dbl_2.conv.weight")).toEqual([160, 160, 7, 1]);
  expect(shapes.get("Mixed_7b.branch3x3dbl_3b.conv.weight")).toEqual([384, 384, 3, 1]);
  expect(shapes.get("Mixed_7c.branch_pool.conv.weight")).toEqual([192, 2048, 1, 1]);
  expect(InceptionV3.fromState(shapes).numParameters()).toBe(network.numParameters());
});

test("the first blocks alone are told from their weights", () => {
  const first = new InceptionV3({ blocks: 3, transformInput: false });
  const state = first.expectedState();
  expect([...state.keys()].at(-1)).toBe("Mixed_5d.branch_pool.bn.num_batches_tracked");
  expect(InceptionV3.fromState(state, { transformInput: false }).expectedState()).toEqual(state);
  expect(() => new InceptionV3({ blocks: 12 })).toThrow(
    "inception_v3: blocks is 12\nPass a whole number from 1 to 11.",
  );
  expect(() => new InceptionV3({ blocks: 3, numClasses: 2 })).toThrow(
    "inception_v3: 3 of 11 blocks have no logits, numClasses is 2\nPass all blocks, or numClasses 0.",
  );
});

test("eval logits and input gradient are torchvision's", { timeout: 600_000 }, async ({ gpu }) => {
  const network = new InceptionV3().eval().requiresGrad_(false);
  const state = filledState(network, networkRule);
  state.set("AuxLogits.fc.bias", { dtype: "float32", shape: [1000], data: new Float32Array(1000) });
  network.load(gpu, state);
  const { output, gradient } = await inputGradient(gpu, network, image(1, 128), [1, 128, 128, 3]);
  network.dispose();
  const first = [-7.230198122e-1, -5.696528507e-1, 4.155765064e-1];
  for (const [i, logit] of first.entries()) {
    expect(Math.abs(output[i]! / logit - 1)).toBeLessThan(1e-5);
  }
  const total = output.reduce((sum, logit) => sum + logit, 0);
  expect(Math.abs(total / 14.60055997 - 1)).toBeLessThan(1e-4);
  // f32 PyTorch is 1e-6 away in the L2 norm, and one byte in 49,152 differs by 1.
  expectGradient(gradient, 128, GRADIENT, { relative: 2e-5, bytes: 1, byteSum: 1e-5 });
});

test("images that are too small say how large they must be", ({ gpu }) => {
  const network = new InceptionV3();
  const input = tensor(gpu, new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
  expect(() => network.forward(input)).toThrow(
    "inception_v3: input must be images of at least 75 x 75 pixels\n" +
      "  input     [1, 64, 64, 3]\n  expected  [N, H, W, 3]\n" +
      "Resize the images, to 299 x 299 for what the network was trained with.",
  );
  input.dispose();
});
