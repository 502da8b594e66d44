import { gradientToImage, type RgbImage } from "@fauxgrad/models/transforms";
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import { type ActivationMap, RepeatedStep, sigmoid32 } from "@fauxgrad/training";
import { createClassifier, type LGradClassifier, loadClassifier } from "./classifier.ts";
import { type FittedImage, fitImage, joinTiles, type SizeMode } from "./fit-images.ts";
import {
  GradientTransformer,
  type GradientTransformerOptions,
  type WeightSource,
} from "./gradient-transformer.ts";
import {
  type ChannelOrder,
  explainGradients,
  type GradientScore,
  type RepeatedScore,
  scoreGradients,
} from "./score-gradients.ts";

/** A transformation model to be made: its name in the registry, its weights, its options. */
export interface TransformationSource {
  readonly name: string;
  readonly source: WeightSource;
  readonly options?: GradientTransformerOptions;
}

/** The two networks of a detector. */
export interface DetectorNetworks {
  /** One that is passed in stays the caller's; one made from a description is freed with the detector. */
  readonly transformation: GradientTransformer | TransformationSource;
  /** Weights of a classifier with one logit, or a seed for random ones. */
  readonly classifier: WeightSource;
}

/** Options of {@link LGradDetector.create}. */
export interface DetectorOptions {
  /** What is done to images of another size. Default: `resize`. */
  readonly sizes?: SizeMode;
  /** Of the gradient image as the classifier sees it. Default: `rgb`. */
  readonly channelOrder?: ChannelOrder;
  /** Most pictures of the networks' size on the device at once; results do not depend on it. */
  readonly batchSize?: number;
}

/** Default of `batchSize`. */
const BATCH = 8;

/** What a detector says about an image. */
export interface Detection {
  /** Of being fake: the logit's sigmoid in float32. */
  readonly probability: number;
  /** Above 0: fake. With tiles, the mean of theirs. */
  readonly logit: number;
  /** R G B, 8 bits. With tiles, each one's at its place, by its own minimum and maximum. */
  readonly gradient: RgbImage;
  /** The tiles' own scores; one, with `resize` and `center-crop`. */
  readonly tiles: readonly TileScore[];
}

/** The score of a part of an image. */
export interface TileScore extends GradientScore {
  /** Pixels. */
  readonly left: number;
  readonly top: number;
}

/** A detection, and where in the image it comes from. */
export interface ExplainedDetection extends Detection {
  /** What the transformation model was given. */
  readonly image: RgbImage;
  /** Float gradient `[size, size, 3]`. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Of the class fake; its mean plus the classifier's bias is the logit. */
  readonly map: ActivationMap;
}

/**
 * LGrad whole: images of any size to probabilities of being generated.
 *
 * The gradient is rounded to 8 bits on its way to the classifier, as the files are that LGrad's
 * classifiers were trained on. Images of a batch do not see one another.
 *
 * ```ts
 * using detector = LGradDetector.create(gpu, {
 *   transformation: { name: "stylegan", source: { weights: stylegan.tensors } },
 *   classifier: { weights: classifier.tensors },
 * });
 * const { probability, gradient } = await detector.detect(photo);
 * ```
 *
 * @see Tan et al., "Learning on Gradients: Generalized Artifacts Representation for GAN-Generated
 *   Images Detection", CVPR 2023
 */
export class LGradDetector {
  readonly transformer: GradientTransformer;
  readonly classifier: LGradClassifier;
  readonly sizes: SizeMode;
  readonly channelOrder: ChannelOrder;
  readonly #gpu: Gpu;
  readonly #ownsTransformer: boolean;
  readonly #batchSize: number;
  readonly #scoring: RepeatedScore;

  private constructor(
    gpu: Gpu,
    transformer: { readonly value: GradientTransformer; readonly owned: boolean },
    classifier: LGradClassifier,
    { sizes = "resize", channelOrder = "rgb", batchSize = BATCH }: DetectorOptions,
  ) {
    this.#gpu = gpu;
    this.transformer = transformer.value;
    this.#ownsTransformer = transformer.owned;
    this.classifier = classifier;
    this.sizes = sizes;
    this.channelOrder = channelOrder;
    this.#batchSize = batchSize;
    this.#scoring = new RepeatedStep(gpu, [classifier]);
  }

  /**
   * Puts both networks on the device.
   *
   * @throws {UsageError} if there is no such transformation model, or an option does not fit it
   * @throws {CheckpointError} listing everything in which weights do not fit
   */
  static create(
    gpu: Gpu,
    { transformation, classifier: source }: DetectorNetworks,
    options: DetectorOptions = {},
  ): LGradDetector {
    const classifier = putClassifier(gpu, source);
    try {
      const owned = !(transformation instanceof GradientTransformer);
      const value = owned
        ? GradientTransformer.create(
            gpu,
            transformation.name,
            transformation.source,
            transformation.options,
          )
        : transformation;
      return new LGradDetector(gpu, { value, owned }, classifier, options);
    } catch (error) {
      classifier.dispose();
      throw error;
    }
  }

  /** One image, of any size. */
  async detect(image: RgbImage): Promise<Detection> {
    const [detection] = await this.detectBatch([image]);
    if (detection === undefined) throw new Error("LGradDetector: no detection");
    return detection;
  }

  /**
   * Several images, of any sizes. Each result is what {@link detect} gives.
   *
   * @throws {DeviceError} if the device's memory does not hold a batch
   */
  async detectBatch(images: readonly RgbImage[]): Promise<Detection[]> {
    const fitted = images.map((image) => this.#fit(image));
    const pictures = fitted.flatMap(({ tiles }) => tiles.map(({ image }) => image));
    const judged = await this.#inBatches(pictures, async (part) => {
      const { bytes } = await this.#transform(part);
      const { classifier, channelOrder } = this;
      const scores = await scoreGradients(
        this.#gpu,
        classifier,
        bytes,
        channelOrder,
        this.#scoring,
      );
      return scores.map((score, i) => ({ score, gradient: bytes[i]! }));
    });
    let at = 0;
    return fitted.map((each) => {
      const end = at + each.tiles.length;
      const detection = joinDetection(each, judged.slice(at, end));
      at = end;
      return detection;
    });
  }

  /**
   * Several images at once, with what the classifier looked at.
   *
   * @throws {UsageError} with tiles, which have no map in common
   */
  async explainBatch(images: readonly RgbImage[]): Promise<ExplainedDetection[]> {
    if (this.sizes === "tile") {
      throw new UsageError(
        'LGradDetector: tiles have no activation map in common\nUse sizes "resize" or "center-crop".',
      );
    }
    // Its memory may be needed here.
    this.#scoring.release();
    const pictures = images.map((image) => this.#fit(image).tiles[0]!.image);
    return this.#inBatches(pictures, async (part) => {
      const { bytes, values } = await this.#transform(part);
      const scores = await explainGradients(this.#gpu, this.classifier, bytes, this.channelOrder);
      return scores.map(({ map, ...score }, i) => ({
        ...score,
        image: part[i]!,
        gradient: bytes[i]!,
        values: values[i]!,
        tiles: [{ left: 0, top: 0, ...score }],
        map,
      }));
    });
  }

  /** Frees the classifier, and the transformation model if it was made here. */
  dispose(): void {
    this.#scoring.release();
    this.classifier.dispose();
    if (this.#ownsTransformer) this.transformer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #fit(image: RgbImage): FittedImage {
    const { size, filter } = this.transformer;
    return fitImage(image, size, this.sizes, filter);
  }

  /** Pictures of the network's size to their gradients. */
  async #transform(pictures: readonly RgbImage[]) {
    const { size } = this.transformer;
    const values = await this.transformer.gradients(pictures);
    const bytes = values.map((each) => gradientToImage(each, { width: size, height: size }));
    return { values, bytes };
  }

  async #inBatches<Result>(
    pictures: readonly RgbImage[],
    work: (part: readonly RgbImage[]) => Promise<Result[]>,
  ): Promise<Result[]> {
    const results: Result[] = [];
    for (let at = 0; at < pictures.length; at += this.#batchSize) {
      results.push(...(await work(pictures.slice(at, at + this.#batchSize))));
    }
    return results;
  }
}

function putClassifier(gpu: Gpu, source: WeightSource): LGradClassifier {
  if ("weights" in source) return loadClassifier(gpu, source.weights);
  const classifier = createClassifier(gpu, source);
  classifier.eval().requiresGrad_(false);
  return classifier;
}

interface JudgedTile {
  readonly score: GradientScore;
  readonly gradient: RgbImage;
}

function joinDetection(fitted: FittedImage, judged: readonly JudgedTile[]): Detection {
  const tiles = fitted.tiles.map(({ left, top }, i) => ({ left, top, ...judged[i]!.score }));
  const logit = tiles.reduce((sum, tile) => sum + tile.logit, 0) / tiles.length;
  const gradient = joinTiles(
    fitted,
    judged.map((tile) => tile.gradient),
  );
  return { probability: sigmoid32([logit])[0]!, logit, gradient, tiles };
}
