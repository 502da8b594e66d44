import {
  type Conv2dOptions as ConvolutionOptions,
  castTo,
  conv2d,
  isRecording,
  type Padding,
  type Pair,
  scope,
  standardizeWeight,
  type Tensor,
} from "@fauxgrad/tensor";
import { Conv2d, type Conv2dOptions } from "@fauxgrad/tensor/nn";
import { derived } from "./derived.ts";

/** Options of a {@link StandardizedConv2d}. */
export interface StandardizedConv2dOptions extends Omit<Conv2dOptions, "padding"> {
  /** `same` is TensorFlow's, computed from each input's size: see {@link samePadding}. */
  readonly padding?: Padding | "same";
}

/**
 * A convolution whose stored weight is standardised whenever it is used; the bias is used as it is.
 * A frozen weight is standardised once.
 *
 * @see Qiao et al., "Micro-Batch Training with Batch-Channel Normalization and Weight
 *   Standardization"; `standardizeWeight`
 */
export class StandardizedConv2d extends Conv2d {
  readonly #isSame: boolean;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    { padding = 0, ...options }: StandardizedConv2dOptions = {},
  ) {
    const isSame = padding === "same";
    super(inChannels, outChannels, kernelSize, { ...options, padding: isSame ? 0 : padding });
    this.#isSame = isSame;
  }

  override forward(input: Tensor): Tensor {
    return scope(() => {
      const bias = this.bias?.tensor ?? null;
      const options = this.#isSame
        ? { ...this.options, padding: this.#paddingFor(input) }
        : this.options;
      return conv2d(input, this.#standardized(), bias, options);
    });
  }

  #standardized(): Tensor {
    const { tensor } = this.weight;
    if (isRecording() && tensor.requiresGrad) return standardizeWeight(tensor);
    return derived("standardized-conv2d", [tensor], ["weight"], () => ({
      weight: castTo(
        standardizeWeight(castTo(tensor, "f32")),
        tensor.dtype === "f16" ? "f16" : "f32",
      ),
    })).weight;
  }

  #paddingFor({ shape: [, height = 1, width = 1] }: Tensor): Padding {
    const [, , kh = 1, kw = 1] = this.weight.shape;
    const { stride = 1 } = this.options as ConvolutionOptions;
    const [vertical, horizontal] = typeof stride === "number" ? [stride, stride] : stride;
    return [...samePadding(height, kh, vertical), ...samePadding(width, kw, horizontal)];
  }
}

/**
 * TensorFlow's padding of one axis, `[low, high]`: `⌈size / stride⌉` outputs, and the odd zero at the
 * high end. It is `[0, 1]` for a 3×3 kernel of stride 2 on an even size, `[1, 1]` on an odd one.
 *
 * @see tf.nn, "SAME" padding
 */
export function samePadding(
  size: number,
  kernelSize: number,
  stride: number,
): readonly [low: number, high: number] {
  const outputs = Math.ceil(size / stride);
  const total = Math.max((outputs - 1) * stride + kernelSize - size, 0);
  const low = Math.floor(total / 2);
  return [low, total - low];
}
