/*
 * From a stored image to the network's input:
 *
 *     training    blur → JPEG → resize → mirror → normalise (→ CutMix, on the batch)
 *     validation                resize          → normalise
 *
 * Blur and JPEG act at the stored size, before the image becomes smaller. An image's plan is drawn
 * first, from a generator of its own: what happens to it depends on no other image, and a worker
 * can be told it as plain data.
 */
import {
  flipHorizontal,
  type Normalization,
  type NormalizationName,
  type RgbImage,
  resize,
} from "@fauxgrad/models/transforms";
import type { Random } from "@fauxgrad/tensor";
import { type JpegCodec, jpegRoundTrip, scipyGaussianBlur } from "@fauxgrad/training";
import type { AugmentationRecipe } from "./recipe.ts";

/** What happens to one image. */
export interface AugmentationPlan {
  /** Standard deviation of the blur, in pixels; null for none. */
  readonly sigma: number | null;
  /** Quality of the JPEG round trip; null for none. */
  readonly quality: number | null;
  readonly isMirrored: boolean;
}

/** The sides and the blur of a recipe: what {@link augmentImage} needs of it. */
export type AugmentationGeometry = Pick<AugmentationRecipe, "size" | "blur">;

/**
 * Draws what happens to one image. Always five values of `random`, whatever the rates: a changed
 * rate does not change what is drawn otherwise.
 *
 * @param random this image's own, for example `randomFor(seed, "augment", epoch, position)`
 */
export function drawAugmentation(
  { blur, jpeg, flip }: AugmentationRecipe,
  random: Random,
): AugmentationPlan {
  const isBlurred = random.uniform() < blur.rate;
  const sigma = between(blur.sigma, random);
  const isCoded = random.uniform() < jpeg.rate;
  const quality = Math.floor(between(jpeg.quality, random));
  const isMirrored = random.uniform() < flip;
  return { sigma: isBlurred ? sigma : null, quality: isCoded ? quality : null, isMirrored };
}

/**
 * A stored image as training sees it, but for normalisation and CutMix. It becomes a square, whatever
 * its sides were: the authors' images all are.
 *
 * @param codec for the JPEG round trip; without one it is simulated, to the same pixels
 * @throws {RangeError} if the image or a number of the plan is outside its range
 */
export async function augmentImage(
  image: RgbImage,
  { sigma, quality, isMirrored }: AugmentationPlan,
  { size, blur: { truncate } }: AugmentationGeometry,
  codec?: JpegCodec,
): Promise<RgbImage> {
  const blurred = sigma === null ? image : scipyGaussianBlur(image, sigma, { truncate });
  const coded = quality === null ? blurred : await jpegRoundTrip(blurred, codec, { quality });
  const resized = resize(coded, { width: size, height: size }, "bilinear");
  return isMirrored ? flipHorizontal(resized) : resized;
}

/** A stored image as validation, test and detection see it, but for normalisation. */
export function validationImage(
  image: RgbImage,
  { size }: Pick<AugmentationRecipe, "size">,
): RgbImage {
  return resize(image, { width: size, height: size }, "bilinear");
}

/** Bytes to [0, 1]. */
const UNIT: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

/** A recipe's normalisation, as `imageBatch` takes it. */
export function normalizationOf({
  normalization,
}: Pick<AugmentationRecipe, "normalization">): Normalization | NormalizationName {
  return normalization === "none" ? UNIT : normalization;
}

function between([from, to]: readonly [number, number], random: Random): number {
  return from + (to - from) * random.uniform();
}
