import { type Conv2dOptions as KernelOptions, type Pair, ShapeError } from "@fauxgrad/kernels";
import { conv2d, type FusedOptions } from "../ops/conv2d.ts";
import type { Tensor } from "../tensor.ts";
import { fanInUniform, fans, type Initializer } from "./init.ts";
import { convolution } from "./layout.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of a {@link Conv2d}. */
export interface Conv2dOptions extends KernelOptions, FusedOptions {
  readonly bias?: boolean;
  /** Of the weight; default: PyTorch's. */
  readonly init?: Initializer;
}

/**
 * A convolution of `[N, H, W, inChannels]` to `[N, OH, OW, outChannels]`, with a scale and a leaky
 * ReLU in the same pass if asked for. See `conv2d`.
 *
 * @see torch.nn.Conv2d
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly options: KernelOptions & FusedOptions;

  /** @param kernelSize one number, or `[KH, KW]` */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    { bias = true, init, ...options }: Conv2dOptions = {},
  ) {
    super();
    const { groups = 1 } = options;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        `Conv2d: ${groups} groups do not divide ${inChannels} input and ${outChannels} output ` +
          "channels\nChoose a common divisor of both.",
      );
    }
    const [kh, kw] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    const shape = [outChannels, inChannels / groups, kh, kw];
    const { fanIn } = fans(shape);
    this.weight = new Parameter(shape, { init: init ?? fanInUniform(fanIn), layout: convolution });
    this.bias = bias ? new Parameter([outChannels], { init: fanInUniform(fanIn) }) : null;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return conv2d(input, this.weight.tensor, this.bias?.tensor ?? null, this.options);
  }
}
