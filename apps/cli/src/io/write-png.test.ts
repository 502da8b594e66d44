import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { encodePng, writePng } from "./write-png.ts";

test("writes 8-bit RGB that an independent reader gets back", async () => {
  const noise = rgbImage(31, 17, img8(17, 31));
  const grey = rgbImage(8, 8, new Uint8Array(192).fill(77));
  for (const image of [noise, grey, rgbImage(1, 1)]) {
    const bytes = await encodePng(image);
    // IHDR: bit depth 8, colour type 2 (RGB), even where all pixels are grey.
    expect([...bytes.subarray(24, 26)]).toEqual([8, 2]);
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
    expect({ width, height }).toEqual({ width: image.width, height: image.height });
    expect(Uint8Array.from(data.filter((_, i) => i % 4 !== 3))).toEqual(image.data);
  }
});

test("writes whole files that decode to the same pixels", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "fauxgrad-png-"));
  const image = rgbImage(31, 17, img8(17, 31));
  await writePng(path.join(folder, "deep", "er", "a.png"), image);
  const decoded = await decodeImage(path.join(folder, "deep", "er", "a.png"));
  expect(decoded.data).toEqual(image.data);
  expect(await readdir(path.join(folder, "deep", "er"))).toEqual(["a.png"]);
  expect((await readFile(path.join(folder, "deep", "er", "a.png"))).length).toBeGreaterThan(0);
  await rm(folder, { recursive: true });
});
