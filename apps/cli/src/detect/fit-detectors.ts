// Calibrates packed detectors by validation images, and finds out what images are known to them.

import {
  type CropJudge,
  cutCrops,
  DEFAULT_CROPS,
  type Familiarity,
  type ImageStatistics,
  imageStatistics,
  knownRanges,
  type ListedCalibration,
  planCrops,
  unfamiliarTraits,
} from "@fauxgrad/detectors";
import type { RgbImage } from "@fauxgrad/models/transforms";
import {
  averagePrecision,
  calibratedProbabilities,
  expectedCalibrationError,
  fitPlatt,
  fitTemperature,
  rocAuc,
} from "@fauxgrad/training";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { type KnownImage, knownImages } from "./known-images.ts";

/** Share of the known images beyond each bound of a statistic. */
const TAIL = 0.002;

/** A probability above it is fake. */
export const THRESHOLD = 0.5;

/** What the validation images say about a detector. */
export interface Fit {
  readonly calibration: ListedCalibration;
  /** Images as they are and through JPEG; numbers of the calibrated probabilities. */
  readonly validation: Readonly<Record<string, number>>;
}

/** Which images a calibration is fitted to, and how. */
export interface FitClasses {
  readonly real: string;
  readonly fakes: readonly string[];
  readonly method: ListedCalibration["method"];
}

/** The squares of an image, as `fauxgrad detect` takes them. */
function squaresOf(image: RgbImage, crop: number): RgbImage[] {
  return cutCrops(image, planCrops(image, crop, DEFAULT_CROPS));
}

/** The validation images of some classes, read once. */
export class ValidationImages {
  readonly #data: string;
  readonly #crop: number;
  readonly #squares = new Map<string, Promise<RgbImage[][]>>();

  constructor(data: string, crop: number) {
    this.#data = data;
    this.#crop = crop;
  }

  /** Squares of each image of a class: as they are first, then those through JPEG. */
  squares(name: string): Promise<RgbImage[][]> {
    let found = this.#squares.get(name);
    if (found === undefined) {
      found = this.#read(name);
      this.#squares.set(name, found);
    }
    return found;
  }

  async #read(name: string): Promise<RgbImage[][]> {
    const images: KnownImage[] = [];
    for await (const image of knownImages(this.#data, "val", name)) images.push(image);
    return [...images.map(({ plain }) => plain), ...images.map(({ coded }) => coded)].map((image) =>
      squaresOf(image, this.#crop),
    );
  }
}

/**
 * Fits a calibration to real images and as many fakes: where there are several classes of fakes, real
 * images count once for each.
 *
 * @param onImage called after each image
 * @throws {RangeError} if real images have the higher logits, or a class another number of images
 */
export async function fitDetector(
  judge: CropJudge,
  images: ValidationImages,
  { real, fakes, method }: FitClasses,
  onImage: () => void,
): Promise<Fit> {
  const logitsOf = async (name: string): Promise<number[]> => {
    const logits: number[] = [];
    for (const squares of await images.squares(name)) {
      const each = await untilInterrupted(judge.score(squares));
      logits.push(each.reduce((sum, logit) => sum + logit, 0) / each.length);
      onImage();
    }
    return logits;
  };
  const reals = await logitsOf(real);
  const logits: number[] = [];
  const labels: number[] = [];
  for (const name of fakes) {
    const fake = await logitsOf(name);
    if (fake.length !== reals.length) throw unequal(name, fake.length, reals.length);
    logits.push(...reals, ...fake);
    labels.push(...reals.map(() => 0), ...fake.map(() => 1));
  }
  const fitted = (method === "platt" ? fitPlatt : fitTemperature)(labels, logits);
  if (!(fitted.scale > 0)) {
    throw new RangeError(
      `${judge.detector.name}: its logits are higher for real than for fake images of ` +
        `${fakes.join(", ")}\n  fitted scale  ${fitted.scale}\n` +
        "Do not ship it, or calibrate it by images that it was trained on.",
    );
  }
  const probabilities = calibratedProbabilities(logits, fitted);
  // Of every class the images as they are come first, then those through JPEG.
  const isPlain = labels.map((_, i) => i % reals.length < reals.length / 2);
  const accuracy = (isCounted: (i: number) => boolean): number => {
    const counted = labels.map((_, i) => i).filter(isCounted);
    const isRight = (i: number) => labels[i] === Number(probabilities[i]! > THRESHOLD);
    return counted.filter(isRight).length / counted.length;
  };
  return {
    calibration: { method, ...fitted },
    validation: {
      images: reals.length * (1 + fakes.length),
      accuracy: accuracy(() => true),
      "accuracy as they are": accuracy((i) => isPlain[i]!),
      "accuracy through JPEG": accuracy((i) => !isPlain[i]!),
      averagePrecision: averagePrecision(labels, probabilities),
      auroc: rocAuc(labels, probabilities),
      calibrationError: expectedCalibrationError(labels, probabilities),
    },
  };
}

function unequal(name: string, fakes: number, reals: number): RangeError {
  return new RangeError(
    `${name}: ${fakes / 2} fake images for ${reals / 2} real ones\n` +
      "Pass a folder in which every fake has its real twin, or none is left out.",
  );
}

/**
 * The ranges of the statistics of the training images, and the share of the validation images that
 * lies outside.
 */
export async function findFamiliarity(
  data: string,
  known: readonly string[],
  crop: number,
): Promise<Familiarity> {
  const statistics = async (split: "train" | "val"): Promise<ImageStatistics[]> => {
    const found: ImageStatistics[] = [];
    for (const name of known) {
      for await (const { plain, coded } of knownImages(data, split, name)) {
        found.push(...[plain, coded].map((image) => imageStatistics(squaresOf(image, crop))));
      }
    }
    return found;
  };
  const train = await statistics("train");
  const ranges = knownRanges(train, TAIL);
  const validation = await statistics("val");
  const strange = validation.filter(
    (each) => unfamiliarTraits(each, { ranges }, false, crop).length > 0,
  );
  return {
    ranges,
    tail: TAIL,
    images: train.length,
    validationShare: validation.length === 0 ? 0 : strange.length / validation.length,
  };
}
