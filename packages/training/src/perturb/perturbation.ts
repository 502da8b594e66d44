/*
 * What is done to a test image to see whether a detector still works: a plain description, drawn
 * first and applied afterwards, so that it can be logged, repeated, and applied elsewhere.
 */
import { crop, type RgbImage, resize } from "@fauxgrad/models/transforms";
import { Random } from "@fauxgrad/tensor";
import { type JpegCodec, jpegRoundTrip } from "./jpeg.ts";
import { addGaussianNoise } from "./noise.ts";
import { openCvGaussianBlur } from "./opencv-gaussian.ts";
import { openCvResize } from "./opencv-resize.ts";
import { scipyGaussianBlur } from "./scipy-gaussian.ts";

/** One operation with its parameters. */
export type Perturbation =
  /** Gaussian noise of `sigma` grey levels. */
  | { readonly kind: "noise"; readonly sigma: number; readonly seed: number }
  /** OpenCV's blur. */
  | { readonly kind: "blur"; readonly kernelSize: number; readonly sigma: number }
  | { readonly kind: "jpeg"; readonly quality: number; readonly channelOrder: "rgb" | "bgr" }
  /**
   * ⌊share · side / 2⌋ pixels off each border, and back to the size by OpenCV's bicubic; with
   * `swapSides` to the height as width and the width as height.
   */
  | { readonly kind: "cropping"; readonly share: number; readonly swapSides: boolean }
  /** SciPy's blur, which truncates, as CNNDetection's and T-GD's. */
  | { readonly kind: "gaussian"; readonly sigma: number }
  /** Both sides times `factor`, by Pillow's bilinear filter; the image stays smaller or larger. */
  | { readonly kind: "rescale"; readonly factor: number };

/**
 * Applies one operation.
 *
 * @param codec for `jpeg`; without one it is simulated, to the same pixels
 * @throws {RangeError} if a parameter is outside its range
 */
export async function applyPerturbation(
  image: RgbImage,
  perturbation: Perturbation,
  codec?: JpegCodec,
): Promise<RgbImage> {
  switch (perturbation.kind) {
    case "noise":
      return addGaussianNoise(image, perturbation.sigma, new Random(perturbation.seed, "noise"));
    case "blur":
      return openCvGaussianBlur(image, perturbation);
    case "jpeg":
      return jpegRoundTrip(image, codec, perturbation);
    case "cropping":
      return cropAndResize(image, perturbation);
    case "gaussian":
      return scipyGaussianBlur(image, perturbation.sigma);
    case "rescale":
      return rescale(image, perturbation.factor);
    default:
      return perturbation satisfies never;
  }
}

/** In a few words, for a table: `blur k=5 sigma=4`. */
export function describePerturbation(perturbation: Perturbation): string {
  switch (perturbation.kind) {
    case "noise":
      return `noise sigma=${round(perturbation.sigma)}`;
    case "blur":
      return `blur k=${perturbation.kernelSize} sigma=${round(perturbation.sigma)}`;
    case "jpeg":
      return `jpeg q=${perturbation.quality}${perturbation.channelOrder === "bgr" ? " bgr" : ""}`;
    case "cropping":
      return `cropping ${round(100 * perturbation.share)}%`;
    case "gaussian":
      return `gaussian sigma=${round(perturbation.sigma)}`;
    case "rescale":
      return `rescale x${round(perturbation.factor)}`;
    default:
      return perturbation satisfies never;
  }
}

function cropAndResize(
  image: RgbImage,
  { share, swapSides }: { readonly share: number; readonly swapSides: boolean },
): RgbImage {
  if (!(share >= 0 && share < 1)) {
    throw new RangeError(`applyPerturbation: share is ${share}\nPass a share in [0, 1).`);
  }
  const { width, height } = image;
  const left = Math.floor((width * share) / 2);
  const top = Math.floor((height * share) / 2);
  const inner = crop(image, { left, top, width: width - 2 * left, height: height - 2 * top });
  const size = swapSides ? { width: height, height: width } : { width, height };
  return openCvResize(inner, size, "cubic");
}

function rescale(image: RgbImage, factor: number): RgbImage {
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new RangeError(`applyPerturbation: factor is ${factor}\nPass a factor above 0.`);
  }
  const scaled = (side: number) => Math.max(1, Math.round(side * factor));
  return resize(image, { width: scaled(image.width), height: scaled(image.height) }, "bilinear");
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
