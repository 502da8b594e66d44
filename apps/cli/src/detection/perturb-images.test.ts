import { rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { type PerturbOptions, perturbImage } from "./perturb-images.ts";
import type { TestImage } from "./test-data.ts";

// Large enough for the smallest crop to be a pixel.
const photo = rgbImage(64, 48, img8(48, 64));
const images = Array.from({ length: 40 }, (_, place): TestImage => {
  const path = `test/biggan/0_real/${place}.png`;
  return { path, file: path, label: 0, group: "biggan", category: null, place };
});

async function perturbAll(options: PerturbOptions, order: readonly TestImage[] = images) {
  const done = new Map<string, { text: string | null; data: Uint8Array }>();
  for (const image of order) {
    const { image: perturbed, done: text } = await perturbImage(photo, image, options);
    done.set(image.path, { text, data: perturbed.data });
  }
  return done;
}

test("the seed and the path decide; about half of the images stay as they are", async () => {
  const options = { mode: "combined", parameters: "intended", seed: 3 } as const;
  const first = await perturbAll(options);
  const again = await perturbAll(options, [...images].reverse());
  for (const [path, { text, data }] of first) expect(again.get(path)).toEqual({ text, data });
  const texts = [...first.values()].map(({ text }) => text);
  const perturbed = texts.filter((text) => text !== null);
  // 40 fair coins: fewer than 10 or more than 30 once in a thousand seeds.
  expect(perturbed.length).toBeGreaterThanOrEqual(10);
  expect(perturbed.length).toBeLessThanOrEqual(30);
  for (const { text, data } of first.values()) {
    expect(Buffer.compare(data, photo.data) === 0).toBe(text === null);
  }
  expect(new Set(perturbed.map((text) => text.split(" ")[0]))).toEqual(
    new Set(["noise", "blur", "jpeg", "cropping"]),
  );
  const other = [...(await perturbAll({ ...options, seed: 4 })).values()];
  expect(other.map(({ text }) => text)).not.toEqual(texts);
});

test("the script's parameters give quality 95 with red and blue exchanged", async () => {
  const done = await perturbAll({ mode: "jpeg", parameters: "frank-script", seed: 1 });
  const texts = new Set([...done.values()].map(({ text }) => text));
  expect(texts).toEqual(new Set([null, "jpeg q=95 bgr"]));
});
