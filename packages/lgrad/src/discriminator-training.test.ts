import { PgganDiscriminator } from "@fauxgrad/models";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { noGrad, Random, scope, tensor, UsageError } from "@fauxgrad/tensor";
import { fillByName } from "@fauxgrad/testing";
import { discriminatorInput, discriminatorValidationInput } from "./discriminator-input.ts";
import { FakeLogit } from "./discriminator-logit.ts";
import { discriminatorActivations, planDiscriminatorParts } from "./discriminator-memory.ts";
import { type DiscriminatorRecipe, discriminatorRecipe } from "./discriminator-recipe.ts";
import { expect, test } from "./test-gpu.ts";
import { Trainer } from "./training.ts";

const SIZES = { resolution: 8, fmapsBase: 32, fmapsMax: 8 } as const;
const LABELS = [0, 1, 1, 0];
const recipe: DiscriminatorRecipe = { ...discriminatorRecipe, learningRate: 0.01, batchSize: 4 };
/** Of four steps on one batch: printed by fixtures/discriminator-step.py. */
const LOSSES = [0.717447662, 0.702800037, 0.683941546, 0.666812667];
const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** The fill's weights, as fixtures/discriminator-step.py has them. */
function filled(discriminator: PgganDiscriminator) {
  const entries = [...discriminator.expectedState()].map(([name, shape]) => {
    const scale = name.endsWith("weight") ? Math.sqrt(3) : 0.1;
    const data = name === "lod" ? Float32Array.of(0) : fillByName(name, size(shape), scale);
    return [name, { dtype: "float32" as const, shape, data }] as const;
  });
  return new Map(entries);
}

/** `[4, 8, 8, 3]` of the fill, which is `[4, 3, 8, 8]`. */
function images() {
  const source = fillByName("image", 4 * 3 * 64);
  const pixels = new Float32Array(source.length);
  for (let i = 0; i < source.length; i += 1) {
    const [image, channel, place] = [Math.floor(i / 192), Math.floor(i / 64) % 3, i % 64];
    pixels[image * 192 + place * 3 + channel] = source[i]!;
  }
  return { pixels, shape: [4, 8, 8, 3] as const };
}

test("steps are PyTorch's, with Adam's betas 0 and 0.99", async ({ gpu }) => {
  const discriminator = new PgganDiscriminator(SIZES);
  discriminator.load(gpu, filled(discriminator));
  using network = new FakeLogit(discriminator);
  for (const microBatch of [4, 2]) {
    network.load(gpu, filled(discriminator));
    using trainer = new Trainer(gpu, { network, labels: LABELS, recipe, microBatch });
    const losses: number[] = [];
    for (let i = 0; i < LOSSES.length; i += 1) {
      losses.push((await trainer.step(images(), LABELS)).loss);
    }
    // Sums of at most 128 products, in a chain of seven layers: 7 · 128 · 2^-24 of a loss near 1.
    // From the second step on Adam divides each gradient by its size: a share of it is kept.
    for (const [i, expected] of LOSSES.entries()) {
      expect(Math.abs((losses[i] ?? Number.NaN) - expected), `step ${i + 1}`).toBeLessThan(6e-5);
    }
  }
});

test("is its discriminator with the other sign, under the same names", async ({ gpu }) => {
  using discriminator = new PgganDiscriminator(SIZES).to(gpu, { seed: 3 });
  const network = new FakeLogit(discriminator);
  expect([...network.expectedState()]).toEqual([...discriminator.expectedState()]);
  using trainer = new Trainer(gpu, { network, labels: LABELS, recipe });
  const logits = await trainer.evaluate(images());
  const { pixels, shape } = images();
  const scores = await scope(() =>
    noGrad(() => discriminator.forward(tensor(gpu, pixels, shape)).read()),
  );
  expect([...logits]).toEqual([...scores].map((value) => -value));
});

test("a conditional discriminator is refused", () => {
  expect(() => new FakeLogit(new PgganDiscriminator({ ...SIZES, labelSize: 2 }))).toThrow(
    new UsageError(
      "pggan: 3 outputs, and one is trained\n" +
        "Leave labelSize out: the images have no classes beside real and fake.",
    ),
  );
});

/** Each pixel tells where it is. */
function places(width: number, height: number): RgbImage {
  const image = rgbImage(width, height);
  for (let i = 0; i < width * height; i += 1) {
    image.data.set([i % width, Math.floor(i / width), 7], 3 * i);
  }
  return image;
}

test("windows are drawn anywhere in a larger image, and mirrored or not", () => {
  const image = places(7, 6);
  const random = new Random(1, "windows");
  const seen = new Set<string>();
  for (let i = 0; i < 400; i += 1) {
    const { data, width, height } = discriminatorInput(image, random, { size: 4, flip: true });
    expect([width, height]).toEqual([4, 4]);
    const [first = 0, top = 0] = data;
    const last = data[9] ?? 0;
    expect(Math.abs(last - first)).toBe(3);
    seen.add(`${Math.min(first, last)} ${top} ${first > last}`);
  }
  // 4 places across, 3 down, mirrored or not.
  expect(seen.size).toBe(24);
  const whole = discriminatorInput(image, new Random(2, "w"), { size: 6, flip: false });
  expect(whole.data[3]! - whole.data[0]!).toBe(1);
  const middle = discriminatorValidationInput(image, 4);
  expect([...middle.data.subarray(0, 3)]).toEqual([2, 1, 7]);
});

test("the same is drawn from the generator, whatever the options", () => {
  const [one, other] = [new Random(4, "same"), new Random(4, "same")];
  discriminatorInput(places(8, 8), one, { size: 8, flip: false });
  discriminatorInput(places(9, 12), other, { size: 8, flip: true });
  expect(one.uniform()).toBe(other.uniform());
});

test("memory is that of the maps, and cuts a batch", () => {
  const { architecture } = new PgganDiscriminator(SIZES);
  // At 8: 4 + 4 + 8 channels; at 4: 8 + 8 + 8.
  expect(discriminatorActivations(architecture)).toBe(64 * 16 + 16 * 24);
  const ask = { batchSize: 8, parameters: 100 };
  const image = 4 * 3 * (64 * 16 + 16 * 24);
  const limits = { maxArrayBytes: 2 ** 30, maxBytes: 4 * 6 * 100 + 3 * image };
  expect(planDiscriminatorParts(architecture, ask, limits)).toEqual({
    microBatch: 3,
    parts: 3,
    bytes: 4 * 6 * 100 + 3 * image,
  });
});
