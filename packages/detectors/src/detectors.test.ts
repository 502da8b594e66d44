import { LGradDetector } from "@fauxgrad/lgrad";
import { readCheckpoint } from "@fauxgrad/models/checkpoint";
import { crop, type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { logisticFromTensors, logisticLogit, radialSpectrum } from "@fauxgrad/training";
import { beforeAll, describe } from "vitest";
import type { DetectorList } from "./detector-list.ts";
import { Detectors } from "./detectors.ts";
import { TEST_CROP, testBundle } from "./test-bundle.ts";
import { expect, test } from "./test-gpu.ts";
import type { ReadFile } from "./weights-reader.ts";

const SIDE = 2 * TEST_CROP;
const photo = rgbImage(SIDE, SIDE, img8(SIDE, SIDE));

let files: Map<string, Uint8Array<ArrayBuffer>>;
const reading =
  (from: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): ReadFile =>
  async (name) => {
    const bytes = from.get(name);
    if (bytes === undefined) throw new Error(`there is no ${name}`);
    return bytes;
  };
const read: ReadFile = (name) => reading(files)(name);

beforeAll(async () => {
  files = await testBundle();
});

function quarters(image: RgbImage): RgbImage[] {
  const size = { width: TEST_CROP, height: TEST_CROP };
  return [0, TEST_CROP].flatMap((top) =>
    [0, TEST_CROP].map((left) => crop(image, { left, top, ...size })),
  );
}

describe("detectors of a bundle", () => {
  test("an image's logit is the mean of its squares', calibrated", async ({ gpu }) => {
    using detectors = await Detectors.load(gpu, read);
    const { detectors: verdicts, verdict, plan, seen } = await detectors.detect(photo);
    expect(verdicts.map(({ name }) => name)).toEqual(["lgrad", "tgd"]);
    expect(plan.corners).toHaveLength(4);
    expect(seen).toEqual(photo);
    const weightsOf = (name: string) => readCheckpoint(files.get(name)!).tensors;
    using lgrad = LGradDetector.create(gpu, {
      transformation: { name: "pggan", source: { weights: weightsOf("discriminator") } },
      classifier: { weights: weightsOf("lgrad") },
    });
    const own = await lgrad.detectBatch(quarters(photo));
    const [first, second] = verdicts;
    expect(first?.cropLogits).toEqual(own.map(({ logit }) => logit));
    expect(new Set(first?.cropLogits).size).toBe(4);
    for (const each of verdicts) {
      const mean = each.cropLogits.reduce((sum, logit) => sum + logit, 0) / 4;
      expect(each.logit).toBe(mean);
      expect(each.probability).toBeCloseTo(1 / (1 + Math.exp(0.5 - 2 * mean)), 12);
      expect(each.isFake).toBe(each.probability > 0.5);
      expect(each.explanation).toBeNull();
    }
    const fakes = [first, second].filter((each) => each?.isFake).length;
    expect(verdict).toBe(["real", "undecided", "fake"][fakes]);
  });

  test("explains by the same numbers, with gradients and maps of the image's size", async ({
    gpu,
  }) => {
    using detectors = await Detectors.load(gpu, read, {
      names: ["tgd", "lgrad", "plain-resnet50"],
    });
    const plain = await detectors.detect(photo);
    const explained = await detectors.detect(photo, { explain: true });
    expect(explained.detectors.map(({ name }) => name)).toEqual(["tgd", "lgrad", "plain-resnet50"]);
    for (const [i, { cropLogits, explanation, kind }] of explained.detectors.entries()) {
      expect(cropLogits).toEqual(plain.detectors[i]?.cropLogits);
      expect([explanation?.map.width, explanation?.map.height]).toEqual([SIDE, SIDE]);
      expect(explanation?.map).not.toEqual(photo);
      const { gradient = null } = explanation ?? {};
      if (kind === "lgrad") expect([gradient?.width, gradient?.height]).toEqual([SIDE, SIDE]);
      else expect(gradient).toBeNull();
    }
  });

  test("a baseline of spectra needs no network, and has no map", async ({ gpu }) => {
    using detectors = await Detectors.load(gpu, read, { names: ["spectrum"] });
    const { detectors: verdicts } = await detectors.detect(photo, { explain: true });
    const model = logisticFromTensors(readCheckpoint(files.get("spectrum")!).tensors, 16);
    const logits = quarters(photo).map((image) => logisticLogit(model, radialSpectrum(image)));
    expect(verdicts[0]?.cropLogits).toEqual(logits);
    expect(verdicts[0]?.explanation).toBeNull();
  });

  test("a square's logit does not depend on the others", async ({ gpu }) => {
    using detectors = await Detectors.load(gpu, read);
    const whole = await detectors.detect(photo);
    const [corner] = quarters(photo);
    const alone = await detectors.detect(corner!);
    for (const [i, { cropLogits }] of alone.detectors.entries()) {
      expect(cropLogits).toEqual(whole.detectors[i]?.cropLogits.slice(0, 1));
    }
  });

  test("a larger image is read in places, a smaller one is extended; both are said", async ({
    gpu,
  }) => {
    using detectors = await Detectors.load(gpu, read, { names: ["tgd"] });
    const large = await detectors.detect(photo, { crops: 2 });
    expect(large.plan.corners).toHaveLength(2);
    expect(large.words).toContain("It is larger than was looked at: 2 squares of 32 x 32 pixels.");
    const small = await detectors.detect(rgbImage(20, 40, img8(40, 20)));
    expect(small.plan.isPadded).toBe(true);
    expect(small.unfamiliar.map(({ what }) => what)).toContain("size");
    expect(small.words).toContain(
      "This image lies outside what the detectors know: it is smaller than 32 x 32 pixels, and " +
        "was extended by its mirror image",
    );
  });

  test("tells progress, and stops where the signal says", async ({ gpu }) => {
    const told: (string | null)[] = [];
    const onProgress = ({ title }: { title: string | null }) => void told.push(title);
    using detectors = await Detectors.load(gpu, read, { onProgress });
    expect(told).toEqual(["LGrad", "T-GD", null]);
    const places: string[] = [];
    await detectors.detect(photo, {
      onProgress: ({ title, done, total }) => void places.push(`${title} ${done}/${total}`),
    });
    expect(places).toEqual(["LGrad 0/8", "T-GD 4/8", "null 8/8"]);
    const controller = new AbortController();
    const stopped = detectors.detect(photo, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
  });

  test("refuses a file that is not the listed one, and frees what it had loaded", async ({
    gpu,
  }) => {
    const damaged = new Map(files);
    const bytes = files.get("tgd")!.slice();
    bytes[bytes.length - 1]! ^= 1;
    damaged.set("tgd", bytes);
    await expect(Detectors.load(gpu, reading(damaged))).rejects.toThrow(
      /^tgd is not the file that the list of detectors names\n {2}list {3}\d+ bytes, sha256 [0-9a-f]{64}\n/,
    );
    await expect(Detectors.load(gpu, read, { names: ["lgrad2"] })).rejects.toThrow(
      'Detectors: there is no detector "lgrad2"\n  known  lgrad, tgd, plain-resnet50, spectrum\n' +
        "Choose one of these.",
    );
  });

  test("a list of another network than the program knows is refused", async ({ gpu }) => {
    const strange = await testBundle((list: DetectorList) => ({
      ...list,
      defaults: ["tgd"],
      detectors: list.detectors.map((each) =>
        each.kind === "tgd"
          ? { ...each, classifier: { ...each.classifier, network: "resnet18" } }
          : each,
      ),
    }));
    await expect(Detectors.load(gpu, reading(strange))).rejects.toThrow(
      'detectors.json: tgd is of a network "resnet18"\n',
    );
  });
});
