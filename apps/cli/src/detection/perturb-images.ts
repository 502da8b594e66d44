import type { RgbImage } from "@fauxgrad/models/transforms";
import {
  applyPerturbation,
  describePerturbation,
  drawPerturbation,
  type PerturbationMode,
  type PerturbationParameters,
} from "@fauxgrad/training";
import { jpegCodec } from "../io/jpeg-codec.ts";
import type { TestImage } from "./test-data.ts";

/** What is done to half of the images. */
export interface PerturbOptions {
  readonly mode: PerturbationMode;
  readonly parameters: PerturbationParameters;
  readonly seed: number;
}

/** In the order of their help. */
export const perturbationModes = ["none", "blur", "cropping", "jpeg", "noise", "combined"] as const;

/**
 * The image as it is tested, and what was done to it: `jpeg q=34`, or null for nothing. The same for
 * the same seed and path; `combined` takes turns within each folder of a class.
 */
export async function perturbImage(
  image: RgbImage,
  test: TestImage,
  options: PerturbOptions,
): Promise<{ readonly image: RgbImage; readonly done: string | null }> {
  const perturbation = drawPerturbation(options, { path: test.path, index: test.place });
  if (perturbation === null) return { image, done: null };
  return {
    image: await applyPerturbation(image, perturbation, jpegCodec),
    done: describePerturbation(perturbation),
  };
}
