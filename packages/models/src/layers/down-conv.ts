// A 3×3 convolution followed by the mean of 2×2 pixels is one convolution of twice the stride whose
// kernel is the mean of four shifted copies of the 3×3 one. On one axis, with w = 0 outside 0..2,
//
//   (y[2j] + y[2j+1]) / 2 = Σ_a x[2j + a − 1] · (w[a] + w[a−1]) / 2,   a = 0..3:
//
// four taps, stride 2, padding 1. In two dimensions that is 16 products at a quarter of the pixels
// instead of 9 at all of them: 4 instead of 9. NVIDIA's code calls it "fused scale" and uses it
// from 128 pixels on, with the same result up to rounding.

import { add, avgPool2d, conv2d, leakyRelu, pad, scope, type Tensor } from "@fauxgrad/tensor";
import type { Blur } from "./blur.ts";
import { derived } from "./derived.ts";
import { EqualizedConv2d, leaky } from "./equalized.ts";

/** `[3, 3, I, O]` to `[4, 4, I, O]`: the sum of the four shifted copies, without the factor ¼. */
function shiftedSum(weight: Tensor): Tensor {
  const none = [0, 0] as const;
  const rows = add(
    pad(weight, [[0, 1], none, none, none]),
    pad(weight, [[1, 0], none, none, none]),
  );
  return add(pad(rows, [none, [0, 1], none, none]), pad(rows, [none, [1, 0], none, none]));
}

/** Options of a {@link DownConv2d}. */
export interface DownConv2dOptions {
  /** Compute convolution and mean as one convolution. The result is the same up to rounding. */
  readonly fused: boolean;
  /** What comes before the convolution. */
  readonly blur?: Blur;
}

/** Leaky ReLU of the 2×2 mean of a 3×3 convolution: `[N, H, W, C]` to `[N, H/2, W/2, O]`. */
export class DownConv2d extends EqualizedConv2d {
  readonly blur: Blur | null;
  readonly #fused: boolean;

  constructor(inChannels: number, outChannels: number, { fused, blur }: DownConv2dOptions) {
    super(inChannels, outChannels, 3);
    this.blur = blur ?? null;
    this.#fused = fused;
  }

  override forward(input: Tensor): Tensor {
    return scope(() => this.#downsample(this.blur?.forward(input) ?? input));
  }

  #downsample(input: Tensor): Tensor {
    const weight = this.weight.tensor;
    const bias = this.bias?.tensor ?? null;
    const { scale } = this;
    if (!this.#fused) {
      const full = conv2d(input, weight, bias, { padding: 1, scale });
      return leakyRelu(avgPool2d(full, { kernelSize: 2 }), leaky().slope);
    }
    const wide = weight.requiresGrad
      ? shiftedSum(weight)
      : derived("down-conv", [weight], ["wide"], () => ({ wide: shiftedSum(weight) })).wide;
    return conv2d(input, wide, bias, {
      stride: 2,
      padding: 1,
      scale: scale / 4,
      activation: leaky(),
    });
  }
}
