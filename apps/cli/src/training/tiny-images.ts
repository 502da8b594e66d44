/*
 * Generated images for --tiny: soft blobs, and the same with the grid that a generator's upsampling
 * leaves. Not a benchmark: something to train on where there are no data.
 */
import path from "node:path";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { randomFor } from "@fauxgrad/training";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { isFile } from "../transform/plan.ts";

const SIDE = 64;
const GRID = 14;
/** Of each label. */
const COUNTS = { train: 4, val: 2 } as const;

/** Writes `train/tiny/{0_real,1_fake}` and `val/…`; what exists stays. */
export async function writeTinyImages(folder: string): Promise<void> {
  for (const split of ["train", "val"] as const) {
    for (const label of [0, 1] as const) {
      for (let i = 0; i < COUNTS[split]; i += 1) {
        const name = label === 0 ? "0_real" : "1_fake";
        const file = path.join(folder, split, "tiny", name, `${i}.png`);
        if (await isFile(file)) continue;
        try {
          await writePng(file, tinyImage(label, `${split}/${label}/${i}`));
        } catch (cause) {
          throw fileError("write", file, cause);
        }
      }
    }
  }
}

/** One image: three waves of any direction for each colour, and a grid of two pixels if fake. */
export function tinyImage(label: 0 | 1, name: string): RgbImage {
  const random = randomFor(0, "tiny", name);
  const waves = Array.from({ length: 9 }, () => ({
    across: 6 * random.uniform() - 3,
    down: 6 * random.uniform() - 3,
    phase: 2 * Math.PI * random.uniform(),
  }));
  const image = rgbImage(SIDE, SIDE);
  for (let i = 0; i < image.data.length; i += 1) {
    const channel = i % 3;
    const x = Math.floor(i / 3) % SIDE;
    const y = Math.floor(i / (3 * SIDE));
    let value = 128;
    for (const { across, down, phase } of waves.slice(3 * channel, 3 * channel + 3)) {
      value += 32 * Math.sin((2 * Math.PI * (across * x + down * y)) / SIDE + phase);
    }
    const grid = label === 1 ? GRID * ((x + y) % 2 === 0 ? 1 : -1) : 0;
    image.data[i] = Math.max(0, Math.min(255, Math.round(value + grid)));
  }
  return image;
}
