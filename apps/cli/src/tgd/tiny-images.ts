/*
 * Generated images for --tiny: two 'generators' that leave artefacts of their own, a checkerboard and
 * stripes, in the same kind of soft noise. Real images have as much fine noise instead.
 */
import path from "node:path";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { randomFor } from "@fauxgrad/training";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { isFile } from "../transform/plan.ts";

/** Whose artefact the fakes have. */
export type TinyGenerator = "checkerboard" | "stripes" | "dots";

const SIDE = 32;
const GRID = 4;
/** Of the artefact, in grey levels. */
const AMPLITUDE = 28;

const ARTEFACTS: Readonly<Record<TinyGenerator, (x: number, y: number) => number>> = {
  checkerboard: (x, y) => ((x + y) % 2 === 0 ? 1 : -1),
  stripes: (x) => (x % 4 < 2 ? 1 : -1),
  dots: (x, y) => (x % 3 === 0 && y % 3 === 0 ? 2 : -0.25),
};

/** Images of each label in a split. */
export type TinyCounts = Readonly<Record<string, number>>;

/** Of a training that can be looked at. */
export const TINY_COUNTS: TinyCounts = { train: 64, val: 16, test: 24 };

/** Writes `{train,val,test}/{0_real,1_fake}`; what exists stays. @throws {FileError} */
export async function writeTinyGenerator(
  folder: string,
  generator: TinyGenerator,
  counts: TinyCounts = TINY_COUNTS,
): Promise<void> {
  for (const [split, count] of Object.entries(counts)) {
    for (const label of [0, 1] as const) {
      for (let i = 0; i < count; i += 1) {
        const name = `${split}/${label === 0 ? "0_real" : "1_fake"}/${i}.png`;
        const file = path.join(folder, name);
        if (await isFile(file)) continue;
        await writePng(file, tinyGenerated(generator, label, name)).catch((cause: unknown) => {
          throw fileError("write", file, cause);
        });
      }
    }
  }
}

/** One image: colours on a coarse grid, interpolated, and fine noise or the artefact. */
export function tinyGenerated(generator: TinyGenerator, label: 0 | 1, name: string): RgbImage {
  const random = randomFor(0, "tiny", generator, name);
  const grid = Array.from({ length: (GRID + 1) ** 2 * 3 }, () => 48 + 160 * random.uniform());
  const [dx, dy] = [random.integer(4), random.integer(4)];
  const image = rgbImage(SIDE, SIDE);
  for (let p = 0; p < SIDE ** 2; p += 1) {
    const [x, y] = [p % SIDE, Math.floor(p / SIDE)];
    const fine = label === 1 ? ARTEFACTS[generator](x + dx, y + dy) : random.normal();
    for (let c = 0; c < 3; c += 1) {
      const value = smooth(grid, (x * GRID) / SIDE, (y * GRID) / SIDE, c) + AMPLITUDE * fine;
      image.data[3 * p + c] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  return image;
}

function smooth(grid: readonly number[], x: number, y: number, c: number): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - x0, y - y0];
  const at = (column: number, row: number) => grid[(row * (GRID + 1) + column) * 3 + c]!;
  const top = at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx;
  const bottom = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}
