import { readFile } from "node:fs/promises";
import path from "node:path";
import { readCheckpoint } from "@fauxgrad/models/checkpoint";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { logisticFromTensors, logisticLogit, radialSpectrum } from "@fauxgrad/training";
import { expect, test } from "vitest";
import { writePng } from "../io/write-png.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";
import { tinyImage } from "../training/tiny-images.ts";

/** Soft waves, and a grain of all frequencies if fake. */
function picture(label: 0 | 1, name: string): RgbImage {
  const image = tinyImage(0, name);
  const grain = Uint8Array.from(img8(image.width, image.height), (value) => value / 16);
  return { ...image, data: image.data.map((value, i) => value / 2 + label * grain[i]!) };
}

test("fits a baseline that its file holds, and refuses images of another size", async () => {
  await using work = await temporaryFolder();
  for (const [name, count] of [
    ["train", 4],
    ["val", 2],
  ] as const) {
    for (const label of [0, 1] as const) {
      const folder = path.join(work.path, name, "tiny", label === 0 ? "0_real" : "1_fake");
      for (let i = 0; i < count; i += 1) {
        await writePng(path.join(folder, `${i}.png`), picture(label, `${name}/${label}/${i}`));
      }
    }
  }
  const file = path.join(work.path, "spectrum.safetensors");
  const made = await runCli(["spectrum", work.path, "--out", file, "--json"]);
  expect(made.code, made.stderr).toBe(0);
  const { images, side, validation } = JSON.parse(made.stdout);
  expect({ images, side, accuracy: validation.accuracy, fake: validation.fake }).toEqual({
    ...{ images: 8, side: 64, accuracy: 1, fake: 2 },
  });
  const { tensors, metadata } = readCheckpoint(new Uint8Array(await readFile(file)));
  expect(new Map<string, unknown>(metadata).get("format")).toBe("fauxgrad-spectrum-1");
  const model = logisticFromTensors(tensors, 32);
  const logit = (label: 0 | 1) => logisticLogit(model, radialSpectrum(picture(label, "another")));
  expect(logit(0)).toBeLessThan(0);
  expect(logit(1)).toBeGreaterThan(0);

  const other = path.join(work.path, "train", "tiny", "0_real", "other.png");
  await writePng(other, rgbImage(32, 32));
  const refused = await runCli(["spectrum", work.path, "--out", file]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("Cut all images to squares of one size: fauxgrad data crops.\n");
  await writePng(other, rgbImage(48, 64));
  const uneven = await runCli(["spectrum", work.path, "--out", file]);
  expect(uneven.stderr).toContain(
    "other.png: radialSpectrum: an image of 48 x 64\n" +
      "Pass a square whose side is a power of two.\nfauxgrad data crops cuts images to such.\n",
  );
});
