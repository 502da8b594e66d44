import { readFile } from "node:fs/promises";
import path from "node:path";
import { readCheckpoint } from "@fauxgrad/models/checkpoint";
import { rgbImage } from "@fauxgrad/models/transforms";
import { logisticFromTensors, logisticLogit, radialSpectrum } from "@fauxgrad/training";
import { expect, test } from "vitest";
import { writePng } from "../io/write-png.ts";
import { runCli, temporaryFolder } from "../test-cli.ts";
import { tinyImage, writeTinyImages } from "../training/tiny-images.ts";

test("fits a baseline that its file holds, and refuses images of another size", async () => {
  await using work = await temporaryFolder();
  await writeTinyImages(work.path);
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
  const logit = (label: 0 | 1) => logisticLogit(model, radialSpectrum(tinyImage(label, "another")));
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
