import { resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { logitOfMap, sigmoid32 } from "@fauxgrad/training";
import { createClassifier } from "./classifier.ts";
import { LGradDetector } from "./detector.ts";
import { GradientTransformer } from "./gradient-transformer.ts";
import { exchangeRedAndBlue, scoreGradients } from "./score-gradients.ts";
import { expect, test } from "./test-gpu.ts";

const size = 64;
const transformation = {
  name: "pggan",
  source: { seed: 7 },
  options: { model: { resolution: size, fmapsBase: 256, fmapsMax: 16 } },
};
const classifier = { seed: 5 };
const photos = [rgbImage(80, 70, img8(70, 80)), resize(rgbImage(9, 9, img8(9, 9)), square(64))];

function square(side: number) {
  return { width: side, height: side };
}

test("detection is the transformer's 8-bit picture through the classifier, in any batch", async ({
  gpu,
}) => {
  using detector = LGradDetector.create(gpu, { transformation, classifier });
  const batch = await detector.detectBatch(photos);
  const alone = await detector.detect(photos[0]!);
  expect(batch[0]).toEqual(alone);
  // One by one, both networks are replayed.
  for (let i = 0; i < 2; i++) expect(await detector.detect(photos[0]!)).toEqual(alone);
  expect(gpu.stats.captures).toBe(2);
  const transformed = await detector.transformer.transform(photos);
  const bytes = transformed.map((each) => each.bytes);
  expect(batch.map(({ gradient }) => gradient)).toEqual(bytes);
  const scores = await scoreGradients(gpu, detector.classifier, bytes);
  for (const [i, { logit, probability, tiles }] of batch.entries()) {
    expect(logit).toBe(scores[i]?.logit);
    expect(probability).toBe(sigmoid32([logit])[0]);
    expect(tiles).toEqual([{ left: 0, top: 0, logit, probability }]);
  }
  expect(batch[0]?.logit).not.toBe(batch[1]?.logit);

  // The map of each image has the logit as its mean, a sum of 2048 products and a few places.
  const { data: bias } = (await detector.classifier.fc.bias?.read()) ?? { data: [] };
  const { data: weight } = await detector.classifier.fc.weight.read();
  const explained = await detector.explainBatch(photos);
  for (const [i, { map, logit, gradient, values, image }] of explained.entries()) {
    expect([map.width, map.height]).toEqual([2, 2]);
    expect(new Set(map.values).size).toBeGreaterThan(1);
    const terms = weight.length * map.values.length;
    const largest = map.values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    expect(Math.abs(logitOfMap(map, Number(bias[0])) - logit)).toBeLessThan(
      terms * 2 ** -24 * largest,
    );
    expect(logit).toBe(batch[i]?.logit);
    expect(gradient).toEqual(bytes[i]);
    expect(values).toEqual(transformed[i]?.gradient);
    expect(image).toEqual(resize(photos[i]!, square(size)));
  }
});

test("bgr exchanges the channels that the classifier sees; sizes may be mixed", async ({ gpu }) => {
  const network = createClassifier(gpu, classifier);
  network.eval().requiresGrad_(false);
  const images = [resize(photos[0]!, square(40)), photos[1]!];
  const swapped = await scoreGradients(gpu, network, images, "bgr");
  for (const [i, image] of images.entries()) {
    expect([swapped[i]]).toEqual(await scoreGradients(gpu, network, [exchangeRedAndBlue(image)]));
    expect([swapped[i]]).not.toEqual(await scoreGradients(gpu, network, [image]));
  }
  network.dispose();
});

test("tiles: the mean of their logits, each gradient at its place", async ({ gpu }) => {
  using transformer = GradientTransformer.create(
    gpu,
    transformation.name,
    transformation.source,
    transformation.options,
  );
  using detector = LGradDetector.create(
    gpu,
    { transformation: transformer, classifier },
    // One tile at a time: the batches do not show.
    { sizes: "tile", batchSize: 1 },
  );
  const wide = rgbImage(100, 64, img8(64, 100));
  const found = await detector.detect(wide);
  expect(found.tiles.map(({ left, top }) => [left, top])).toEqual([
    [0, 0],
    [36, 0],
  ]);
  const [a, b] = found.tiles;
  expect(found.logit).toBe((a!.logit + b!.logit) / 2);
  expect([found.gradient.width, found.gradient.height]).toEqual([100, 64]);
  await expect(detector.explainBatch([wide])).rejects.toThrow(
    "LGradDetector: tiles have no activation map in common\n" +
      'Use sizes "resize" or "center-crop".',
  );
});

test("weights that are no classifier's are refused, and nothing stays behind", ({ gpu }) => {
  const create = () =>
    LGradDetector.create(gpu, { transformation, classifier: { weights: new Map() } });
  expect(create).toThrow(/missing \(267 of 320\)\n {4}conv1.weight {2}\[64, 3, 7, 7\]/);
  const unknown = () =>
    LGradDetector.create(gpu, { transformation: { ...transformation, name: "pgan" }, classifier });
  expect(unknown).toThrow(/"pgan"/);
});
