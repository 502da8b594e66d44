import { avgPool2d, type Shape, scope, type Tensor } from "@fauxgrad/tensor";
import { DownConv2d } from "../layers/down-conv.ts";
import { EqualizedConv2d, type EqualizedConv2dOptions, leaky } from "../layers/equalized.ts";
import {
  type Architecture,
  architectureFromOptions,
  architectureFromShapes,
  type DiscriminatorOptions,
  type Family,
} from "./architecture.ts";
import type { MinibatchStddevOptions } from "./discriminator.ts";
import { ProgressiveDiscriminator } from "./progressive.ts";

/** Options of {@link PgganDiscriminator} besides its sizes. */
export interface PgganOptions extends MinibatchStddevOptions {
  /**
   * Whether the network was trained with NVIDIA's fused down-sampling, whose activation follows the
   * down-sampling: another network. The released ones were not. Default false.
   */
  readonly fusedScale?: boolean;
}

const family: Family = {
  name: "pggan",
  fmapsBase: 16_384,
  scores: (labelSize) => 1 + labelSize,
};

/** Convolution, leaky ReLU, then the mean of 2×2 pixels. */
class PooledConv2d extends EqualizedConv2d {
  override forward(input: Tensor): Tensor {
    return scope(() => avgPool2d(super.forward(input), { kernelSize: 2 }));
  }
}

const convolution: EqualizedConv2dOptions = { padding: 1, activation: leaky() };

/**
 * ProGAN's discriminator: `[N, R, R, 3]` in [−1, 1] to scores `[N, 1]`.
 *
 * @see Karras et al., "Progressive Growing of GANs for Improved Quality, Stability, and Variation",
 *   2018; names of genforce, models/pggan_discriminator.py, whose group size is 16 (NVIDIA's: 4)
 */
export class PgganDiscriminator extends ProgressiveDiscriminator {
  /** @throws {UsageError} if a size is out of range */
  constructor(options: DiscriminatorOptions & PgganOptions = {}, sizes?: Architecture) {
    const architecture = sizes ?? architectureFromOptions(family, options);
    const { fusedScale = false, groupSize = 16 } = options;
    super(
      family.name,
      architecture,
      (inChannels, outChannels) => [
        new EqualizedConv2d(inChannels, inChannels, 3, convolution),
        fusedScale
          ? new DownConv2d(inChannels, outChannels, { fused: true })
          : new PooledConv2d(inChannels, outChannels, 3, convolution),
      ],
      { ...options, groupSize },
    );
  }

  /**
   * The network that weights belong to: resolution and widths follow from their shapes.
   *
   * @throws {ShapeError} if the names are not those of a discriminator
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    options: PgganOptions = {},
  ): PgganDiscriminator {
    return new PgganDiscriminator(options, architectureFromShapes(family.name, shapes));
  }
}
