// Layers with an equalised learning rate: weights are stored with unit variance and scaled by
// `gain / √fanIn` when they are used, so that all of them learn at the same speed. Karras et al.,
// "Progressive Growing of GANs", section 4.1. Biases are not scaled.

import { conv2d, type LeakyActivation, linear, type Tensor } from "@fauxgrad/tensor";
import {
  constant,
  convolutionLayout,
  fans,
  flattenedLinearLayout,
  linearLayout,
  Module,
  normal,
  Parameter,
} from "@fauxgrad/tensor/nn";

/** Slope of the leaky ReLU in all three discriminators. */
const SLOPE = 0.2;

/** A leaky ReLU of slope 0.2 with a factor behind it. */
export function leaky(gain = 1): LeakyActivation {
  return { slope: SLOPE, gain };
}

/** Options of the equalised layers. */
export interface EqualizedOptions {
  /** Numerator of the weight's factor; √2 in ProGAN and StyleGAN, 1 in StyleGAN2. */
  readonly gain?: number;
  /** What follows the sum; default: nothing. */
  readonly activation?: LeakyActivation | null;
}

/** Options of an {@link EqualizedConv2d}. */
export interface EqualizedConv2dOptions extends EqualizedOptions {
  readonly bias?: boolean;
  readonly stride?: number;
  readonly padding?: number;
  /** Factor of the output besides, where a constant behind the layer is folded into it. */
  readonly factor?: number;
}

/**
 * `activation(bias + gain / √fanIn · weight ⋆ input)`, `[N, H, W, inChannels]` to
 * `[N, OH, OW, outChannels]`.
 */
export class EqualizedConv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  /** Factor of the stored weight. */
  readonly scale: number;
  readonly #stride: number;
  readonly #padding: number;
  readonly #activation: LeakyActivation | null;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: EqualizedConv2dOptions = {},
  ) {
    super();
    const { gain = Math.SQRT2, activation = null, factor = 1, bias = true } = options;
    const shape = [outChannels, inChannels, kernelSize, kernelSize];
    this.weight = new Parameter(shape, { init: normal(), layout: convolutionLayout });
    this.bias = bias ? new Parameter([outChannels], { init: constant(0) }) : null;
    this.scale = (factor * gain) / Math.sqrt(fans(shape).fanIn);
    this.#stride = options.stride ?? 1;
    this.#padding = options.padding ?? 0;
    this.#activation = activation;
  }

  forward(input: Tensor): Tensor {
    return conv2d(input, this.weight.tensor, this.bias?.tensor ?? null, {
      stride: this.#stride,
      padding: this.#padding,
      scale: this.scale,
      activation: this.#activation,
    });
  }
}

/** Options of an {@link EqualizedLinear}. */
export interface EqualizedLinearOptions extends EqualizedOptions {
  /** `[C, H, W]` of the map whose flattened values are the input. */
  readonly flattened?: readonly [number, number, number];
}

/** `activation(bias + gain / √inFeatures · weight · input)`, `[N, in]` to `[N, out]`. */
export class EqualizedLinear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  /** Factor of the stored weight. */
  readonly scale: number;
  readonly #activation: LeakyActivation | null;

  constructor(inFeatures: number, outFeatures: number, options: EqualizedLinearOptions = {}) {
    super();
    const { gain = Math.SQRT2, activation = null, flattened } = options;
    const layout = flattened === undefined ? linearLayout : flattenedLinearLayout(...flattened);
    this.weight = new Parameter([outFeatures, inFeatures], { init: normal(), layout });
    this.bias = new Parameter([outFeatures], { init: constant(0) });
    this.scale = gain / Math.sqrt(inFeatures);
    this.#activation = activation;
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight.tensor, this.bias.tensor, {
      scale: this.scale,
      activation: this.#activation,
    });
  }
}
