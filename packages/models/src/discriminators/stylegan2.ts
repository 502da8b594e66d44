import { add, type Shape, scope, type Tensor } from "@fauxgrad/tensor";
import { type Member, Module } from "@fauxgrad/tensor/nn";
import { Blur } from "../layers/blur.ts";
import { EqualizedConv2d, type EqualizedConv2dOptions, leaky } from "../layers/equalized.ts";
import {
  type Architecture,
  architectureFromOptions,
  architectureFromShapes,
  channelsAt,
  type DiscriminatorOptions,
  downsamplings,
  type Family,
} from "./architecture.ts";
import { Discriminator, type MinibatchStddevOptions } from "./discriminator.ts";

const family: Family = {
  name: "stylegan2",
  fmapsBase: 32_768,
  scores: (labelSize) => Math.max(1, labelSize),
};

/** Behind every leaky ReLU, which would shrink what passes it. */
const GAIN = Math.SQRT2;

/** A convolution behind the filter that keeps it from aliasing. */
class FilteredConv2d extends EqualizedConv2d {
  override readonly names = { lowpass: "filter" };
  readonly lowpass: Blur;

  constructor(
    [inChannels, outChannels]: readonly [number, number],
    kernelSize: number,
    lowpass: Blur,
    options: EqualizedConv2dOptions,
  ) {
    super(inChannels, outChannels, kernelSize, { gain: 1, ...options });
    this.lowpass = lowpass;
  }

  override forward(input: Tensor): Tensor {
    return scope(() => super.forward(this.lowpass.forward(input)));
  }
}

/**
 * `(u + t) / √2` with u two convolutions and t a 1×1 one, both to half the size. The factor is
 * folded into both addends: u's activation gain √2 becomes 1, t's weights are scaled.
 */
class ResidualBlock extends Module {
  readonly full: EqualizedConv2d;
  readonly half: FilteredConv2d;
  readonly skip: FilteredConv2d;

  constructor(inChannels: number, outChannels: number) {
    super();
    const channels = [inChannels, outChannels] as const;
    const filter = { size: 4, shape: [1, 1, 4, 4] } as const;
    this.full = new EqualizedConv2d(inChannels, inChannels, 3, {
      gain: 1,
      padding: 1,
      activation: leaky(GAIN),
    });
    this.half = new FilteredConv2d(channels, 3, new Blur({ ...filter, padding: 2 }), {
      stride: 2,
      activation: leaky(GAIN / Math.SQRT2),
    });
    // Only every second filtered pixel reaches the 1×1 convolution: the others are not computed.
    this.skip = new FilteredConv2d(channels, 1, new Blur({ ...filter, padding: 1, down: 2 }), {
      bias: false,
      factor: 1 / Math.SQRT2,
    });
  }

  forward(input: Tensor): Tensor {
    return scope(() => {
      const full = this.full.forward(input);
      const half = this.half.forward(full);
      full.dispose();
      return add(half, this.skip.forward(input));
    });
  }
}

/**
 * StyleGAN2's discriminator, config-f with the residual architecture: `[N, R, R, 3]` in [−1, 1] to
 * scores `[N, 1]`.
 *
 * @see Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020; names of
 *   genforce, models/stylegan2_discriminator.py
 */
export class Stylegan2Discriminator extends Discriminator {
  readonly #input: EqualizedConv2d;
  readonly #blocks: readonly ResidualBlock[];

  /** @throws {UsageError} if a size is out of range */
  constructor(options: DiscriminatorOptions & MinibatchStddevOptions = {}, sizes?: Architecture) {
    const architecture = sizes ?? architectureFromOptions(family, options);
    super(family.name, architecture, { weight: 1, activation: GAIN }, options);
    this.#input = new EqualizedConv2d(architecture.imageChannels, channelsAt(architecture, 0), 1, {
      gain: 1,
      activation: leaky(GAIN),
    });
    this.#blocks = Array.from(
      { length: downsamplings(architecture) },
      (_, i) => new ResidualBlock(channelsAt(architecture, i), channelsAt(architecture, i + 1)),
    );
  }

  /**
   * The network that weights belong to: resolution and widths follow from their shapes.
   *
   * @throws {ShapeError} if the names are not those of a discriminator
   */
  static fromState(
    shapes: ReadonlyMap<string, Shape>,
    options: MinibatchStddevOptions = {},
  ): Stylegan2Discriminator {
    return new Stylegan2Discriminator(options, architectureFromShapes(family.name, shapes));
  }

  override *members(): Iterable<readonly [string, Member]> {
    yield ["input0", this.#input];
    for (const [i, { full, half, skip }] of this.#blocks.entries()) {
      yield [`layer${2 * i}`, full];
      yield [`layer${2 * i + 1}`, half];
      yield [`skip_layer${i}`, skip];
    }
    yield* this.headMembers();
  }

  protected override features(input: Tensor): Tensor {
    let maps = this.#input.forward(input);
    for (const block of this.#blocks) {
      const next = block.forward(maps);
      maps.dispose();
      maps = next;
    }
    return maps;
  }
}
