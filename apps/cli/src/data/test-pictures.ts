import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { Random } from "@fauxgrad/tensor";
import sharp, { type Sharp } from "sharp";

/** A picture of coarse and fine random structure, another for each seed. */
export function testPicture(seed: number, width = 96, height = 80): RgbImage {
  const random = new Random(seed, "picture");
  const cells = Array.from({ length: 7 * 7 * 3 }, () => random.integer(200));
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 1) {
    const pixel = Math.floor(i / 3);
    const [x, y] = [((pixel % width) / width) * 6, (Math.floor(pixel / width) / height) * 6];
    const at = (dx: number, dy: number) =>
      cells[((Math.floor(y) + dy) * 7 + Math.floor(x) + dx) * 3 + (i % 3)]!;
    const [u, v] = [x % 1, y % 1];
    const top = at(0, 0) * (1 - u) + at(1, 0) * u;
    const bottom = at(0, 1) * (1 - u) + at(1, 1) * u;
    data[i] = top * (1 - v) + bottom * v + random.integer(50);
  }
  return { width, height, data };
}

/** The picture as sharp takes it. */
export function toSharp({ data, width, height }: RgbImage): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Writes files below a folder, by relative path. */
export async function writeTree(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [relative, bytes] of Object.entries(files)) {
    const file = path.join(folder, relative);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}
