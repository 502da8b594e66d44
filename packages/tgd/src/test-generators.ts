/*
 * Two 'generators' for tests. Under the images of both lies the same: smooth noise, fine noise, and
 * a little of a vertical weave, now more, now less. The first generator adds to the weave. The second
 * cannot draw it, and leaves a horizontal one instead. Who learns the second alone learns that a
 * weave means a real image, the opposite of what tells the first one's fakes.
 */
import type { ImageBatch } from "@fauxgrad/models/transforms";
import { Random } from "@fauxgrad/tensor";

/** Whose fakes they are. */
export type TestGenerator = "vertical" | "horizontal";

/** Images and their labels. */
export interface LabelledImages {
  readonly images: readonly Float32Array[];
  /** 0 real, 1 fake. */
  readonly labels: readonly (0 | 1)[];
}

/** Side of the images, in pixels. */
export const TEST_SIDE = 32;
/** Of the coarse grid that smooth noise is interpolated from. */
const GRID = 5;
/** Deviation of the fine noise, greatest weave of a base image, and what generators leave. */
const FINE = 0.2;
const WEAVE = 0.2;
const TRACE = { vertical: 0.4, horizontal: 1.25 } as const;

/** `count` images, every second one fake. */
export function testImages(generator: TestGenerator, count: number, seed: number): LabelledImages {
  const labels = Array.from({ length: count }, (_, i): 0 | 1 => (i % 2 === 0 ? 0 : 1));
  const images = labels.map((label, i) => {
    const random = new Random(seed, `${generator}/${i}`);
    const image = smoothNoise(random);
    const isFake = label === 1;
    const base = WEAVE * random.uniform();
    const vertical =
      generator === "vertical" ? base + (isFake ? TRACE.vertical : 0) : isFake ? 0 : base;
    const horizontal = generator === "horizontal" && isFake ? TRACE.horizontal : 0;
    const [left, top] = [random.integer(4), random.integer(4)];
    for (let place = 0; place < TEST_SIDE ** 2; place += 1) {
      const [x, y] = [(place % TEST_SIDE) + left, Math.floor(place / TEST_SIDE) + top];
      const detail = FINE * random.normal() + vertical * stripe(x) + horizontal * stripe(y);
      for (let c = 0; c < 3; c += 1) image[3 * place + c]! += detail;
    }
    return image;
  });
  return { images, labels };
}

/** Period 4, of mean 0 and mean square 1. */
function stripe(at: number): number {
  return at % 4 < 2 ? 1 : -1;
}

/** `[N, 32, 32, 3]` of the images at these places. */
export function batchOfImages({ images }: LabelledImages, places: ArrayLike<number>): ImageBatch {
  const size = TEST_SIDE ** 2 * 3;
  const pixels = new Float32Array(places.length * size);
  for (let i = 0; i < places.length; i += 1) pixels.set(images[places[i]!]!, i * size);
  return { pixels, shape: [places.length, TEST_SIDE, TEST_SIDE, 3] };
}

/** Normal values on a coarse grid, interpolated bilinearly. */
function smoothNoise(random: Random): Float32Array {
  const grid = new Float32Array(GRID * GRID * 3);
  random.fillNormal(grid);
  const at = (x: number, y: number, c: number) => grid[(y * GRID + x) * 3 + c]!;
  const image = new Float32Array(TEST_SIDE ** 2 * 3);
  const scale = (GRID - 1) / TEST_SIDE;
  for (let i = 0; i < image.length; i += 1) {
    const [c, place] = [i % 3, Math.floor(i / 3)];
    const [x, y] = [(place % TEST_SIDE) * scale, Math.floor(place / TEST_SIDE) * scale];
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [x - x0, y - y0];
    const top = at(x0, y0, c) * (1 - fx) + at(x0 + 1, y0, c) * fx;
    const bottom = at(x0, y0 + 1, c) * (1 - fx) + at(x0 + 1, y0 + 1, c) * fx;
    image[i] = top * (1 - fy) + bottom * fy;
  }
  return image;
}
