/*
 * CutMix on a whole batch, before it is cut into micro-batches: a plan is drawn first and applied
 * afterwards, so that it can be logged, and so that the labels' weight is known before the pixels.
 *
 *     one box and one permutation per batch         intra: where both labels agree, labels stay
 *     image i ← image permutation[i] in the box     inter: everywhere, labels λ' : 1 − λ'
 *
 * The box is the authors' code's. Algorithm 2 as printed forgets to scale it by the image's side.
 */
import { type Random, ShapeError } from "@fauxgrad/tensor";
import type { CutMixRecipe } from "./recipe.ts";

/** Pixels `left ≤ x < right`, `top ≤ y < bottom`; empty where both are equal. */
export interface CutMixBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What is done to one batch. */
export interface CutMixPlan {
  readonly kind: "intra" | "inter";
  readonly box: CutMixBox;
  /** Image `i` takes the box of image `permutation[i]`. */
  readonly permutation: Uint32Array;
  /** Images that are mixed, ascending; the permutation's fixed points among them. */
  readonly mixed: Uint32Array;
  /**
   * λ': weight of an image's own label, `1 − (box area) / S²` for `inter`; 1 for `intra`. Of the
   * box as cut off at the border, not of the λ that it was drawn by.
   */
  readonly ownLabelWeight: number;
}

/** Images as the network takes them. */
export interface CutMixBatch {
  /** `[N, H, W, C]`, changed in place. */
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly shape: readonly [n: number, height: number, width: number, channels: number];
}

/**
 * Draws what is done to a batch: null with probability `1 − rate`.
 *
 * 1. `r ~ U[0, 1)`; nothing is done unless `r < rate`.
 * 2. A random permutation; for `intra`, images whose label is that of their partner are mixed.
 * 3. `λ ~ U(0, 1)`, `cut = ⌊S·√(1 − λ)⌋`; a centre `cx, cy` anywhere; the box reaches ⌊cut / 2⌋ to
 *    each side of it and is cut off at the border. Its replaced area is 0.315 on average.
 *
 * @param labels of the batch's images
 * @param side   S, of the square images, in pixels
 * @param random this batch's own, for example `randomFor(seed, "cutmix", step)`
 * @see Yun et al., "CutMix", 2019; T-GD's code, which compares the labels
 */
export function drawCutMix(
  { kind, rate }: CutMixRecipe,
  labels: ArrayLike<number>,
  side: number,
  random: Random,
): CutMixPlan | null {
  if (kind === "none" || random.uniform() >= rate) return null;
  const images = Array.from({ length: labels.length }, (_, i) => i);
  const permutation = Uint32Array.from(random.shuffle([...images]));
  const mixed = images.filter((i) => kind === "inter" || labels[i] === labels[permutation[i]!]);
  const box = drawBox(side, random);
  const area = (box.right - box.left) * (box.bottom - box.top);
  const ownLabelWeight = kind === "inter" ? 1 - area / (side * side) : 1;
  return { kind, box, permutation, mixed: Uint32Array.from(mixed), ownLabelWeight };
}

/** A square around any pixel, its area `1 − λ` of the image before it is cut off. */
export function drawBox(side: number, random: Random): CutMixBox {
  const half = Math.floor(Math.floor(side * Math.sqrt(1 - random.uniform())) / 2);
  const x = random.integer(side);
  const y = random.integer(side);
  return {
    left: Math.max(0, x - half),
    right: Math.min(side, x + half),
    top: Math.max(0, y - half),
    bottom: Math.min(side, y + half),
  };
}

/**
 * Mixes a batch in place, as if all boxes were read before any is written.
 *
 * @throws {ShapeError} if the plan is of another number of images, or its box is outside of them
 */
export function applyCutMix({ pixels, shape }: CutMixBatch, plan: CutMixPlan): void {
  checkPlan(pixels.length, shape, plan);
  const [, height, width, channels] = shape;
  const { left, right, top, bottom } = plan.box;
  const length = (right - left) * channels;
  const boxLength = length * (bottom - top);
  const copies = new Float32Array(plan.mixed.length * boxLength);
  const rowStart = (image: number, y: number) => ((image * height + y) * width + left) * channels;
  for (const [place, image] of plan.mixed.entries()) {
    const partner = plan.permutation[image]!;
    for (let y = top; y < bottom; y += 1) {
      const from = rowStart(partner, y);
      copies.set(pixels.subarray(from, from + length), place * boxLength + (y - top) * length);
    }
  }
  for (const [place, image] of plan.mixed.entries()) {
    for (let y = top; y < bottom; y += 1) {
      const from = place * boxLength + (y - top) * length;
      pixels.set(copies.subarray(from, from + length), rowStart(image, y));
    }
  }
}

/** The partners' labels, `labels[permutation[i]]`: of the weight `1 − ownLabelWeight`. */
export function partnerLabels(labels: ArrayLike<number>, { permutation }: CutMixPlan): Uint32Array {
  return permutation.map((partner) => labels[partner]!);
}

function checkPlan(elements: number, shape: CutMixBatch["shape"], plan: CutMixPlan): void {
  const [n, height, width, channels] = shape;
  if (elements !== n * height * width * channels || plan.permutation.length !== n) {
    throw new ShapeError(
      `applyCutMix: the plan is of ${plan.permutation.length} images, the batch has ${n}\n` +
        `  pixels  ${elements} values\n  shape   [${shape.join(", ")}]\n` +
        "Draw the plan from the labels of this batch.",
    );
  }
  const { left, top, right, bottom } = plan.box;
  if (left >= 0 && top >= 0 && right <= width && bottom <= height) return;
  throw new ShapeError(
    `applyCutMix: the box reaches outside of the images\n` +
      `  box     ${left} to ${right}, ${top} to ${bottom}\n  images  ${width} x ${height}\n` +
      "Draw the plan with the side of these images.",
  );
}
