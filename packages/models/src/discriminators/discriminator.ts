import {
  flatten,
  formatShape,
  type Gpu,
  minibatchStddev,
  type Shape,
  ShapeError,
  scope,
  type Tensor,
} from "@fauxgrad/tensor";
import {
  type HostTensorLike,
  type LoadOptions,
  type LoadReport,
  type Member,
  Module,
} from "@fauxgrad/tensor/nn";
import { withConstants } from "../layers/blur.ts";
import { EqualizedConv2d, EqualizedLinear, leaky } from "../layers/equalized.ts";
import { type Architecture, channelsAt, downsamplings } from "./architecture.ts";

/** How images of a batch see one another. */
export interface MinibatchStddevOptions {
  /**
   * `"per-sample"`: as if each image were alone in its batch, as LGrad runs these networks; the
   * deviation is then a constant. `"batch"`: over groups of the batch, as in training.
   */
  readonly minibatchStddev?: "per-sample" | "batch";
  /** Images of a group in batch mode. */
  readonly groupSize?: number;
}

/** Factors in which the families differ. */
export interface DiscriminatorGains {
  /** Of the weights, but for the last layer: √2, or 1 in StyleGAN2. */
  readonly weight: number;
  /** Behind the leaky ReLUs: 1, or √2 in StyleGAN2. */
  readonly activation: number;
}

/**
 * What ProGAN's, StyleGAN's and StyleGAN2's discriminators have in common: the checks of the input
 * and the layers behind the 4×4 maps. State-dict names are genforce's.
 *
 * Input `[N, R, R, C]`, R G B in [−1, 1]; output `[N, scores]`, raw.
 */
export abstract class Discriminator extends Module {
  /** `pggan`, `stylegan` or `stylegan2`: how errors call the network. */
  readonly family: string;
  readonly architecture: Architecture;
  minibatchStddev: "per-sample" | "batch";
  groupSize: number;
  readonly #convolution: EqualizedConv2d;
  readonly #hidden: EqualizedLinear;
  readonly #scores: EqualizedLinear;

  constructor(
    family: string,
    architecture: Architecture,
    gains: DiscriminatorGains,
    { minibatchStddev: mode = "per-sample", groupSize = 4 }: MinibatchStddevOptions,
  ) {
    super();
    this.family = family;
    this.architecture = architecture;
    this.minibatchStddev = mode;
    this.groupSize = groupSize;
    const { hidden, scores, stddevChannel } = architecture;
    const width = channelsAt(architecture, downsamplings(architecture));
    const gain = gains.weight;
    const activation = leaky(gains.activation);
    this.#convolution = new EqualizedConv2d(width + (stddevChannel ? 1 : 0), width, 3, {
      gain,
      activation,
      padding: 1,
    });
    const flattened = [width, 4, 4] as const;
    this.#hidden = new EqualizedLinear(width * 16, hidden, { gain, activation, flattened });
    this.#scores = new EqualizedLinear(hidden, scores, { gain: 1 });
  }

  /** Names and layers of the part behind the 4×4 maps. */
  protected *headMembers(): Iterable<readonly [string, Member]> {
    const first = 2 * downsamplings(this.architecture);
    yield [`layer${first}`, this.#convolution];
    yield [`layer${first + 1}`, this.#hidden];
    yield [`layer${first + 2}`, this.#scores];
  }

  /** `[N, R, R, C]` to the 4×4 maps, `[N, 4, 4, channels]`. */
  protected abstract features(input: Tensor): Tensor;

  /**
   * Scores of the images, higher for real ones.
   *
   * @param input `[N, R, R, C]` with R the resolution
   * @returns `[N, scores]`
   * @throws {ShapeError} if the input has another size, or its batch does not divide into groups
   */
  forward(input: Tensor): Tensor {
    this.#checkInput(input.shape);
    return scope(() => this.#head(this.features(input)));
  }

  /** As {@link Module.load}; filter kernels and `lod` may be missing. */
  override load(
    gpu: Gpu,
    tensors: ReadonlyMap<string, HostTensorLike>,
    options: LoadOptions = {},
  ): LoadReport {
    return super.load(gpu, withConstants(this.expectedState(), tensors), options);
  }

  #head(maps: Tensor): Tensor {
    const described = this.architecture.stddevChannel
      ? minibatchStddev(maps, this.groupSize, this.minibatchStddev)
      : maps;
    const hidden = this.#hidden.forward(flatten(this.#convolution.forward(described)));
    return this.#scores.forward(hidden);
  }

  #checkInput(shape: Shape): void {
    const { resolution, imageChannels } = this.architecture;
    const [, height, width, channels] = shape;
    const expected = `[N, ${resolution}, ${resolution}, ${imageChannels}]`;
    const refuse = (problem: string, advice: string): never => {
      throw new ShapeError(
        `${this.family}: ${problem}\n  input     ${formatShape(shape)}\n` +
          `  expected  ${expected}\n${advice}`,
      );
    };
    if (shape.length !== 4) refuse(`input has ${shape.length} axes, expected 4`, "Pass a batch.");
    if (height !== resolution || width !== resolution) {
      refuse(
        `images of ${height} x ${width} pixels, the network takes ${resolution} x ${resolution}`,
        `Resize the images to ${resolution} x ${resolution}.`,
      );
    }
    if (channels !== imageChannels) {
      refuse(
        `images of ${channels} channels, the network takes ${imageChannels}`,
        "Pass R G B in the last axis; drop alpha, repeat grey.",
      );
    }
  }
}
