import { Random, ShapeError } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import {
  applyCutMix,
  type CutMixBatch,
  type CutMixPlan,
  drawBox,
  drawCutMix,
  partnerLabels,
} from "./cutmix.ts";

const SIDE = 128;
const alternating = (n: number) => Array.from({ length: n }, (_, i) => i % 2);

/** Pixels that name their image, row, column and channel. */
function batchOf(n: number, side: number): CutMixBatch {
  const shape = [n, side, side, 3] as const;
  return { pixels: Float32Array.from({ length: n * side * side * 3 }, (_, i) => i), shape };
}

/** The specification's steps 5 and 6 in plain loops, on copies. */
function mixedByLoops({ pixels, shape }: CutMixBatch, plan: CutMixPlan): Float32Array {
  const old = pixels.slice();
  const mixed = pixels.slice();
  const [, height, width, channels] = shape;
  for (const i of plan.mixed) {
    for (let y = plan.box.top; y < plan.box.bottom; y += 1) {
      for (let x = plan.box.left; x < plan.box.right; x += 1) {
        for (let c = 0; c < channels; c += 1) {
          const at = (image: number) => ((image * height + y) * width + x) * channels + c;
          mixed[at(i)] = old[at(plan.permutation[i]!)]!;
        }
      }
    }
  }
  return mixed;
}

/** Draws until a plan comes. */
function plan(kind: "intra" | "inter", labels: readonly number[], side: number, seed: number) {
  const drawn = drawCutMix({ kind, rate: 1 }, labels, side, new Random(seed));
  if (drawn === null) throw new Error("a rate of 1 draws a plan");
  return drawn;
}

test("sources are read before anything is written, in both kinds", () => {
  for (const kind of ["intra", "inter"] as const) {
    for (let seed = 0; seed < 60; seed += 1) {
      const n = 1 + (seed % 7);
      const side = 1 + (seed % 9);
      const drawn = plan(kind, alternating(n), side, seed);
      const batch = batchOf(n, side);
      const expected = mixedByLoops(batch, drawn);
      applyCutMix(batch, drawn);
      expect(batch.pixels).toEqual(expected);
    }
  }
});

test("intra mixes exactly the images whose partner has their label, fixed points included", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const labels = alternating(9);
    const { permutation, mixed, ownLabelWeight } = plan("intra", labels, 8, seed);
    expect([...permutation].sort()).toEqual([...labels.keys()]);
    const same = [...labels.keys()].filter((i) => labels[i] === labels[permutation[i]!]);
    expect([...mixed]).toEqual(same);
    expect(ownLabelWeight).toBe(1);
  }
});

test("inter mixes all, and weighs labels by the box that was cut", () => {
  let sawClipped = false;
  for (let seed = 0; seed < 200; seed += 1) {
    const labels = alternating(6);
    const drawn = plan("inter", labels, 32, seed);
    expect([...drawn.mixed]).toEqual([...labels.keys()]);
    const batch = batchOf(6, 32);
    const before = batch.pixels.slice();
    applyCutMix(batch, drawn);
    // Counted on an image that has another partner than itself.
    const image = [...labels.keys()].find((i) => drawn.permutation[i] !== i);
    if (image === undefined) continue;
    const own = 32 * 32 * 3;
    const replaced = before
      .subarray(image * own, (image + 1) * own)
      .filter((value, i) => value !== batch.pixels[image * own + i]).length;
    expect(drawn.ownLabelWeight).toBe(1 - replaced / own);
    expect([...partnerLabels(labels, drawn)]).toEqual(
      [...drawn.permutation].map((partner) => labels[partner]),
    );
    const { left, right, top, bottom } = drawn.box;
    sawClipped ||= right - left !== bottom - top;
  }
  expect(sawClipped).toBe(true);
});

test("statistics of the specification: area, quartiles, share of images, rate", () => {
  const draws = 40_000;
  const random = new Random(1);
  const areas = Float64Array.from({ length: draws }, () => {
    const { left, right, top, bottom } = drawBox(SIDE, random);
    return ((right - left) * (bottom - top)) / SIDE ** 2;
  }).sort();
  const mean = areas.reduce((sum, area) => sum + area, 0) / draws;
  const variance = areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / (draws - 1);
  // Five standard errors, and half a unit of the printed digit.
  expect(Math.abs(mean - 0.315)).toBeLessThan(5 * Math.sqrt(variance / draws) + 0.0005);
  for (const [level, printed] of [
    [0.25, 0.167],
    [0.5, 0.299],
    [0.75, 0.441],
  ] as const) {
    // The share of areas below the printed quartile is binomial; its last digit moves the share by
    // the density, at most 2 (the steepest quarter spans more than 0.125), times half a unit.
    const below = areas.filter((area) => area < printed).length / draws;
    expect(Math.abs(below - level)).toBeLessThan(
      5 * Math.sqrt((level * (1 - level)) / draws) + 2 * 0.0005,
    );
  }

  const batches = 3000;
  const n = 20;
  let mixedBatches = 0;
  let mixedImages = 0;
  for (let step = 0; step < batches; step += 1) {
    const drawn = drawCutMix({ kind: "intra", rate: 0.5 }, alternating(n), 8, random);
    if (drawn === null) continue;
    mixedBatches += 1;
    mixedImages += drawn.mixed.length;
  }
  expect(Math.abs(mixedBatches / batches - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / batches));
  // Half of a balanced batch: an image's partner is any of n, n / 2 of them of its label. The
  // number per batch has at most the variance of n independent coins times 2: within a class the
  // count is hypergeometric, and both classes have the same.
  const share = mixedImages / (mixedBatches * n);
  expect(Math.abs(share - 0.5)).toBeLessThan(5 * Math.sqrt(0.5 / (mixedBatches * n)));
});

test("the rate's test is 'below': 0 never mixes, 1 always", () => {
  const random = new Random(3);
  for (let i = 0; i < 100; i += 1) {
    expect(drawCutMix({ kind: "intra", rate: 0 }, [0, 1], 8, random)).toBeNull();
    expect(drawCutMix({ kind: "intra", rate: 1 }, [0, 1], 8, random)).not.toBeNull();
    expect(drawCutMix({ kind: "none", rate: 1 }, [0, 1], 8, random)).toBeNull();
  }
});

test("one image, one class, an empty box", () => {
  const single = batchOf(1, 16);
  const before = single.pixels.slice();
  for (let seed = 0; seed < 20; seed += 1) {
    const drawn = plan("intra", [1], 16, seed);
    expect([...drawn.mixed]).toEqual([0]);
    applyCutMix(single, drawn);
    expect(single.pixels).toEqual(before);
  }
  expect(plan("intra", [1, 1, 1, 1], 16, 1).mixed).toHaveLength(4);
  expect(plan("intra", [0, 1], 16, 0).mixed.length % 2).toBe(0);

  // λ → 1: the square has no pixel; λ = 0 at a corner: a quarter of the image.
  const fixed = (uniform: number, place: number) =>
    ({ uniform: () => uniform, integer: () => place }) as unknown as Random;
  const empty = drawBox(128, fixed(1 - 2 ** -53, 5));
  expect(empty).toEqual({ left: 5, right: 5, top: 5, bottom: 5 });
  expect(drawBox(128, fixed(0, 0))).toEqual({ left: 0, right: 64, top: 0, bottom: 64 });
  // An odd cut loses a pixel: ⌊5 / 2⌋ to each side.
  expect(drawBox(5, fixed(0, 2))).toEqual({ left: 0, right: 4, top: 0, bottom: 4 });
  const batch = batchOf(2, 128);
  const untouched = batch.pixels.slice();
  applyCutMix(batch, {
    kind: "inter",
    box: empty,
    permutation: Uint32Array.of(1, 0),
    mixed: Uint32Array.of(0, 1),
    ownLabelWeight: 1,
  });
  expect(batch.pixels).toEqual(untouched);
});

test("a plan of another batch is refused", () => {
  const drawn: CutMixPlan = {
    kind: "intra",
    box: { left: 0, right: 9, top: 0, bottom: 3 },
    permutation: Uint32Array.of(1, 0),
    mixed: Uint32Array.of(0, 1),
    ownLabelWeight: 1,
  };
  expect(() => applyCutMix(batchOf(3, 8), drawn)).toThrow(
    new ShapeError(
      "applyCutMix: the plan is of 2 images, the batch has 3\n" +
        "  pixels  576 values\n  shape   [3, 8, 8, 3]\n" +
        "Draw the plan from the labels of this batch.",
    ),
  );
  expect(() => applyCutMix(batchOf(2, 8), drawn)).toThrow(
    new ShapeError(
      "applyCutMix: the box reaches outside of the images\n" +
        "  box     0 to 9, 0 to 3\n  images  8 x 8\n" +
        "Draw the plan with the side of these images.",
    ),
  );
});
