import type { Shape } from "@fauxgrad/tensor";
import { Blur } from "../layers/blur.ts";
import { DownConv2d } from "../layers/down-conv.ts";
import { EqualizedConv2d, leaky } from "../layers/equalized.ts";
import {
  type Architecture,
  architectureFromOptions,
  architectureFromShapes,
  type DiscriminatorOptions,
  type Family,
} from "./architecture.ts";
import type { MinibatchStddevOptions } from "./discriminator.ts";
import { ProgressiveDiscriminator } from "./progressive.ts";

/** Options of {@link StyleganDiscriminator} besides its sizes. */
export interface StyleganOptions extends MinibatchStddevOptions {
  /**
   * Compute each down-sampling convolution and its 2×2 mean as one 4×4 convolution of stride 2:
   * the same result up to rounding from fewer than half the products. Default true.
   */
  readonly fusedScale?: boolean;
}

const family: Family = {
  name: "stylegan",
  fmapsBase: 16_384,
  scores: (labelSize) => Math.max(1, labelSize),
};

/**
 * StyleGAN's discriminator: `[N, R, R, 3]` in [−1, 1] to scores `[N, 1]`. ProGAN's, with a blur in
 * front of each down-sampling convolution and the activation behind the down-sampling.
 *
 * @see Karras et al., "A Style-Based Generator Architecture for Generative Adversarial Networks",
 *   2019; names of genforce, models/stylegan_discriminator.py
 */
export class StyleganDiscriminator extends ProgressiveDiscriminator {
  /** @throws {UsageError} if a size is out of range */
  constructor(options: DiscriminatorOptions & StyleganOptions = {}, sizes?: Architecture) {
    const architecture = sizes ?? architectureFromOptions(family, options);
    const { fusedScale: fused = true } = options;
    super(
      family.name,
      architecture,
      (inChannels, outChannels) => [
        new EqualizedConv2d(inChannels, inChannels, 3, { padding: 1, activation: leaky() }),
        new DownConv2d(inChannels, outChannels, {
          fused,
          blur: new Blur({ size: 3, padding: 1, shape: [inChannels, 1, 3, 3] }),
        }),
      ],
      options,
    );
  }

  /**
   * The network that weights belong to: resolution and widths follow from their shapes.
   *
   * @throws {ShapeError} if the names are not those of a discriminator
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    options: StyleganOptions = {},
  ): StyleganDiscriminator {
    return new StyleganDiscriminator(options, architectureFromShapes(family.name, shapes));
  }
}
