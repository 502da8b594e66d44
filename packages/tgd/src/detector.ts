/*
 * T-GD as a detector: images of any size to the probability that a GAN made them.
 */
import {
  type ImageBatch,
  imageBatch,
  type Normalization,
  type NormalizationName,
  type RgbImage,
} from "@fauxgrad/models/transforms";
import { type Gpu, noGrad, type Tensor, UsageError, zeros } from "@fauxgrad/tensor";
import { type Calibration, calibratedProbabilities, RepeatedStep } from "@fauxgrad/training";
import { normalizationOf, validationImage } from "./augmentation.ts";
import { type CamOptions, type CamResult, explainClassifier } from "./cam.ts";
import {
  describeClassifier,
  loadWeights,
  type NetworkTensors,
  type TgdClassifier,
} from "./networks.ts";
import { tgdAugmentation } from "./presets.ts";
import type { AugmentationRecipe, TgdRecipe } from "./recipe.ts";

/** From a stored image to the network's input. */
export type DetectorInput = Pick<AugmentationRecipe, "size" | "normalization">;

/** Options of a {@link TgdDetector}. */
export interface TgdDetectorOptions {
  /** As in training. Default: 128 pixels, ImageNet's normalisation. */
  readonly input?: DetectorInput;
  /** `p = σ(scale · margin + shift)`, fitted to a validation set. Default: 1 and 0. */
  readonly calibration?: Calibration;
  /** An image is called fake from this probability on. Default 0.5. */
  readonly threshold?: number;
  /** Most images on the device at once; results do not depend on it. Default 8. */
  readonly batchSize?: number;
}

/** What a detector says about an image. */
export interface TgdDetection {
  /** Of being fake, after calibration. */
  readonly probability: number;
  /** As the network puts them out: `z₀`, `z₁`. */
  readonly logits: readonly [real: number, fake: number];
  /** `z₁ − z₀`: what images are ranked by. */
  readonly margin: number;
  /** Whether the probability is above the threshold. */
  readonly isFake: boolean;
}

/** A detection, and where in the image it comes from. */
export interface TgdExplanation extends TgdDetection, CamResult {
  readonly logits: readonly [real: number, fake: number];
  /** What the network was given. */
  readonly image: RgbImage;
}

const DEFAULT_INPUT = tgdAugmentation({ blur: 0, jpeg: 0, cutMix: 0, flip: 0 });

/** Judges images by a trained classifier. */
export class TgdDetector {
  readonly network: TgdClassifier;
  readonly input: DetectorInput;
  readonly calibration: Calibration;
  readonly threshold: number;
  readonly #gpu: Gpu;
  readonly #batchSize: number;
  readonly #normalization: Normalization | NormalizationName;
  readonly #repeated: RepeatedStep<Tensor, Tensor>;

  /**
   * @param network on a device; it is put into evaluation mode and frozen, and the detector frees it
   * @throws {RangeError} if the threshold is no probability, or the batch size no positive integer
   */
  constructor(gpu: Gpu, network: TgdClassifier, options: TgdDetectorOptions = {}) {
    const { input = DEFAULT_INPUT, threshold = 0.5, batchSize = 8 } = options;
    if (!(threshold >= 0 && threshold <= 1) || !Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(
        `TgdDetector: threshold = ${threshold}, batchSize = ${batchSize}\n` +
          "Pass a probability in [0, 1], and a positive integer.",
      );
    }
    this.#gpu = gpu;
    this.network = network;
    this.input = input;
    this.calibration = options.calibration ?? { scale: 1, shift: 0 };
    this.threshold = threshold;
    this.#batchSize = batchSize;
    this.#normalization = normalizationOf(input);
    this.#repeated = new RepeatedStep(gpu, [network]);
    network.eval().requiresGrad_(false);
  }

  /**
   * The classifier of a recipe with a file's weights.
   *
   * @throws {CheckpointError} listing everything in which weights do not fit
   * @throws {UsageError} if the recipe's network is no classifier
   * @throws {RangeError} as the constructor
   */
  static load(
    gpu: Gpu,
    tensors: NetworkTensors,
    recipe: Pick<TgdRecipe, "network" | "dropRate" | "dropConnectRate" | "augmentation">,
    options: TgdDetectorOptions = {},
  ): TgdDetector {
    const network = describeClassifier(recipe);
    loadWeights(gpu, network, tensors);
    try {
      return new TgdDetector(gpu, network, { input: recipe.augmentation, ...options });
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /**
   * Several images, of any sizes: they are resized to a square. Batches of one number of images that
   * follow each other are replayed: from the second on their memory is held.
   *
   * @throws {UsageError} if the network puts out no numbers
   */
  async detect(images: readonly RgbImage[]): Promise<TgdDetection[]> {
    return this.#inBatches(images, async ({ pixels, shape }) => {
      const work = {
        inputs: () => zeros(this.#gpu, shape),
        write: (input: Tensor) => this.#gpu.write(input.data, pixels),
        encode: (input: Tensor) => noGrad(() => this.network.forward(input)),
      };
      const logits = await this.#repeated.run(shape.join(), work, (output) => output.read());
      return Array.from({ length: shape[0] }, (_, i) =>
        this.#judge([logits[2 * i]!, logits[2 * i + 1]!]),
      );
    });
  }

  /**
   * Several images, with what the network looked at.
   *
   * @throws {UsageError} if there is no such layer, or the network puts out no numbers
   */
  async explain(images: readonly RgbImage[], options: CamOptions = {}): Promise<TgdExplanation[]> {
    // Its memory may be needed here.
    this.#repeated.release();
    return this.#inBatches(images, async (batch, fitted) => {
      const results = await explainClassifier(this.#gpu, this.network, batch, options);
      return results.map(({ map, logits }, i) => ({
        ...this.#judge(logits),
        map,
        image: fitted[i]!,
      }));
    });
  }

  /** Frees the network. */
  dispose(): void {
    this.#repeated.release();
    this.network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #judge(logits: readonly [real: number, fake: number]): TgdDetection {
    const [real, fake] = logits;
    const margin = fake - real;
    if (Number.isNaN(margin)) {
      throw new UsageError(
        `TgdDetector: the logits of an image are ${real} and ${fake}\n` +
          "Choose other weights: these hold numbers that are none, or are too large.",
      );
    }
    const [probability = Number.NaN] = calibratedProbabilities([margin], this.calibration);
    return { probability, logits, margin, isFake: probability > this.threshold };
  }

  async #inBatches<Result>(
    images: readonly RgbImage[],
    work: (batch: ImageBatch, fitted: readonly RgbImage[]) => Promise<Result[]>,
  ): Promise<Result[]> {
    const results: Result[] = [];
    for (let at = 0; at < images.length; at += this.#batchSize) {
      const part = images.slice(at, at + this.#batchSize);
      const fitted = part.map((image) => validationImage(image, this.input));
      results.push(...(await work(imageBatch(fitted, this.#normalization), fitted)));
    }
    return results;
  }
}
