import { type Gpu, scope, tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { expect, test } from "../test-gpu.ts";
import {
  describeGradient,
  discriminatorRule,
  expectGradient,
  filledState,
  type GradientTolerance,
  image,
  inputGradient,
} from "../test-vectors.ts";
import { PgganDiscriminator } from "./pggan.ts";
import { StyleganDiscriminator } from "./stylegan.ts";
import { Stylegan2Discriminator } from "./stylegan2.ts";
import * as vectors from "./test-gradients.ts";

type Discriminator = PgganDiscriminator | StyleganDiscriminator | Stylegan2Discriminator;

/** Appendix A's tiny networks. */
const tiny = { resolution: 32, fmapsBase: 512, fmapsMax: 32 };
/**
 * f32 against float64. The longest sums have 513 terms: 3e-5 at worst, 513 · 2⁻²⁴, and some √513 of
 * 2⁻²⁴ as a rule, 1.3e-6, in each of eight layers, both ways.
 */
const tight: GradientTolerance = { relative: 1e-5, bytes: 0, byteSum: 1e-5 };

function load<D extends Discriminator>(gpu: Gpu, network: D, lod = 0): D {
  const state = filledState(network, discriminatorRule);
  if (state.has("lod")) state.set("lod", { dtype: "float32", shape: [], data: [lod] });
  network.load(gpu, state);
  network.requiresGrad_(false);
  return network;
}

async function check(
  gpu: Gpu,
  network: Discriminator,
  vector: vectors.DiscriminatorVector,
  tolerance: GradientTolerance = tight,
  lod = 0,
): Promise<void> {
  const { resolution } = network.architecture;
  const count = vector.samples.length;
  const pixels = image(count, resolution);
  load(gpu, network, lod);
  const found = await inputGradient(gpu, network, pixels, [count, resolution, resolution, 3]);
  network.dispose();
  // A score is a sum of terms of this size, which may cancel.
  const scale = Math.max(0.1, ...vector.scores.map(Math.abs));
  const total = found.output.reduce((sum, score) => sum + score, 0);
  expect(Math.abs(total - vector.scoreSum)).toBeLessThan(tolerance.relative * scale * count);
  for (const [i, score] of vector.scores.entries()) {
    expect(Math.abs(found.output[i]! - score)).toBeLessThan(tolerance.relative * scale);
  }
  const size = resolution * resolution * 3;
  for (const [i, sample] of vector.samples.entries()) {
    const gradient = found.gradient.subarray(i * size, (i + 1) * size);
    expectGradient(gradient, resolution, sample, tolerance);
  }
}

describe("tiny networks agree with the originals in float64", () => {
  test("ProGAN", ({ gpu }) => check(gpu, new PgganDiscriminator(tiny), vectors.pgganTiny));

  test("StyleGAN, convolution and mean as one", ({ gpu }) =>
    check(gpu, new StyleganDiscriminator(tiny), vectors.styleganTiny));

  test("StyleGAN, convolution and mean apart", ({ gpu }) =>
    check(gpu, new StyleganDiscriminator({ ...tiny, fusedScale: false }), vectors.styleganTiny));

  test("StyleGAN2", ({ gpu }) =>
    check(gpu, new Stylegan2Discriminator(tiny), vectors.stylegan2Tiny));

  test("ProGAN, four images in one group", ({ gpu }) =>
    check(gpu, new PgganDiscriminator({ ...tiny, minibatchStddev: "batch" }), vectors.pgganJoint));

  test("StyleGAN, four images in one group", ({ gpu }) =>
    check(
      gpu,
      new StyleganDiscriminator({ ...tiny, minibatchStddev: "batch" }),
      vectors.styleganJoint,
    ));
});

describe("networks that are not fully grown", () => {
  test("ProGAN at lod 1 halves the image", ({ gpu }) =>
    check(gpu, new PgganDiscriminator(tiny), vectors.pgganLod1, tight, 1));

  test("ProGAN at lod 1.5 mixes two ways in", ({ gpu }) =>
    check(gpu, new PgganDiscriminator(tiny), vectors.pgganLod1Half, tight, 1.5));

  test("ProGAN at lod 3 sees 4 x 4 pixels", ({ gpu }) =>
    check(gpu, new PgganDiscriminator(tiny), vectors.pgganLod3, tight, 3));

  test("StyleGAN at lod 0.25", ({ gpu }) =>
    check(gpu, new StyleganDiscriminator(tiny), vectors.styleganLodQuarter, tight, 0.25));

  test("StyleGAN at lod 2.75", ({ gpu }) =>
    check(gpu, new StyleganDiscriminator(tiny), vectors.styleganLod2ThreeQuarters, tight, 2.75));

  test("ProGAN trained with fused down-sampling", ({ gpu }) =>
    check(gpu, new PgganDiscriminator({ ...tiny, fusedScale: true }), vectors.pgganFused));
});

test("per sample, a batch gives the bits of its images alone", async ({ gpu }) => {
  // The specification's L2 norms and sums of bytes of the four images.
  const norms = [3.123800532e-2, 2.985905349e-2, 3.338306476e-2, 3.13148713e-2];
  const byteSums = [400_122, 367_630, 391_854, 391_689];
  const network = load(gpu, new StyleganDiscriminator(tiny));
  const pixels = image(4, 32);
  const batch = await inputGradient(gpu, network, pixels, [4, 32, 32, 3]);
  const size = 32 * 32 * 3;
  for (const [i, norm] of norms.entries()) {
    const one = pixels.subarray(i * size, (i + 1) * size);
    const alone = await inputGradient(gpu, network, one, [1, 32, 32, 3]);
    const gradient = batch.gradient.slice(i * size, (i + 1) * size);
    expect(gradient).toEqual(alone.gradient);
    expect(batch.output[i]).toBe(alone.output[0]);
    const found = describeGradient(gradient, 32);
    expect(Math.abs(found.l2 / norm - 1)).toBeLessThan(tight.relative);
    expect(Math.abs(found.byteSum - byteSums[i]!)).toBeLessThanOrEqual(2);
  }
  network.dispose();
});

test("kernels may be missing, and are checked when they are there", async ({ gpu }) => {
  const network = new StyleganDiscriminator(tiny);
  const state = filledState(network, discriminatorRule);
  network.load(gpu, state);
  const saved = await network.stateDict();
  const kernel = saved.get("layer3.blur.kernel");
  expect(kernel?.shape).toEqual([32, 1, 3, 3]);
  const sixteenths = [1, 2, 1, 2, 4, 2, 1, 2, 1];
  expect([...(kernel?.data ?? [])].slice(0, 9)).toEqual(sixteenths.map((value) => value / 16));
  network.load(gpu, saved);
  const sharp = Float32Array.from({ length: 32 * 9 }, (_, i) => (i % 9 === 4 ? 1 : 0));
  saved.set("layer3.blur.kernel", { dtype: "float32", shape: [32, 1, 3, 3], data: sharp });
  expect(() => network.load(gpu, saved)).toThrow(
    'checkpoint: "layer3.blur.kernel" is not the filter that this network is defined with\n' +
      "  element   0 of [32, 1, 3, 3]\n  found     0\n  expected  0.0625\n" +
      "Choose the architecture that the file was saved from; ours has binomial filters " +
      "([1, 2, 1] in StyleGAN, [1, 3, 3, 1] in StyleGAN2) that sum to 1.",
  );
  network.dispose();
});

test("random initialisation: unit normal weights and no biases, from the seed", async ({ gpu }) => {
  const make = async (seed: number) => {
    const network = new PgganDiscriminator(tiny).to(gpu, { seed });
    const state = await network.stateDict();
    network.dispose();
    return state;
  };
  const state = await make(1);
  const dense = state.get("layer7.weight");
  const values = Array.from(dense?.data ?? [], Number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  // 16,384 values; five standard errors.
  expect(values).toHaveLength(16_384);
  expect(Math.abs(mean)).toBeLessThan(5 / 128);
  expect(Math.abs(variance - 1)).toBeLessThan((5 * Math.SQRT2) / 128);
  for (const [name, { data }] of state) {
    if (name.endsWith("bias")) expect(Array.from(data, Number).every((v) => v === 0)).toBe(true);
  }
  expect(await make(1)).toEqual(state);
  expect((await make(2)).get("layer0.weight")).not.toEqual(state.get("layer0.weight"));
});

test("trainable weights get gradients through the fused down-sampling", async ({ gpu }) => {
  const gradients = async (fusedScale: boolean) => {
    const network = load(gpu, new StyleganDiscriminator({ ...tiny, fusedScale }));
    network.requiresGrad_(true);
    scope(() => network.forward(tensor(gpu, image(1, 32), [1, 32, 32, 3])).backward());
    const parameters = network.namedParameters();
    const found = await Promise.all(
      ["layer1.weight", "layer3.weight", "layer3.bias"].map((name) =>
        parameters.get(name)?.tensor.grad?.read(),
      ),
    );
    network.dispose();
    return found.map((gradient) => gradient ?? new Float32Array());
  };
  const fused = await gradients(true);
  const apart = await gradients(false);
  for (const [i, gradient] of fused.entries()) {
    const other = apart[i] ?? new Float32Array();
    const norm = Math.hypot(...other);
    expect(norm).toBeGreaterThan(0);
    const distance = Math.hypot(...gradient.map((value, k) => value - (other[k] ?? 0)));
    expect(distance / norm).toBeLessThan(1e-5);
  }
});

test("inputs that do not fit say what does", ({ gpu }) => {
  const network = load(gpu, new StyleganDiscriminator(tiny));
  const forward = (...shape: number[]) =>
    scope(() => {
      const size = shape.reduce((product, length) => product * length, 1);
      network.forward(tensor(gpu, new Float32Array(size), shape));
    });
  expect(() => forward(1, 16, 32, 3)).toThrow(
    "stylegan: images of 16 x 32 pixels, the network takes 32 x 32\n" +
      "  input     [1, 16, 32, 3]\n  expected  [N, 32, 32, 3]\nResize the images to 32 x 32.",
  );
  expect(() => forward(1, 32, 32, 4)).toThrow(
    "stylegan: images of 4 channels, the network takes 3\n" +
      "  input     [1, 32, 32, 4]\n  expected  [N, 32, 32, 3]\n" +
      "Pass R G B in the last axis; drop alpha, repeat grey.",
  );
  expect(() => forward(32, 32, 3)).toThrow(
    "stylegan: input has 3 axes, expected 4\n  input     [32, 32, 3]\n" +
      "  expected  [N, 32, 32, 3]\nPass a batch.",
  );
  network.minibatchStddev = "batch";
  expect(() => forward(6, 32, 32, 3)).toThrow(
    "minibatchStddev: a batch of 6 does not divide into groups of 4",
  );
  network.dispose();
});
