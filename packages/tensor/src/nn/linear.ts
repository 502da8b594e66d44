import type { FusedOptions } from "../ops/conv2d.ts";
import { linear } from "../ops/linear.ts";
import type { Tensor } from "../tensor.ts";
import { fanInUniform, type Initializer } from "./init.ts";
import { flattenedLinear, linear as linearLayout } from "./layout.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of a {@link Linear}. */
export interface LinearOptions extends FusedOptions {
  readonly bias?: boolean;
  /** Of the weight; default: PyTorch's. */
  readonly init?: Initializer;
  /**
   * `[C, H, W]` of the map whose flattened values are the input: its weights in a checkpoint are
   * in PyTorch's order, C, H, W, and our maps are flattened in the order H, W, C.
   */
  readonly flattened?: readonly [number, number, number];
}

/**
 * An affine map of `[…, inFeatures]` to `[…, outFeatures]`, with a scale and a leaky ReLU in the
 * same pass if asked for. See `linear`.
 *
 * @see torch.nn.Linear
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly options: FusedOptions;

  constructor(
    inFeatures: number,
    outFeatures: number,
    { bias = true, init = fanInUniform(inFeatures), flattened, ...options }: LinearOptions = {},
  ) {
    super();
    const layout = flattened === undefined ? linearLayout : flattenedLinear(...flattened);
    this.weight = new Parameter([outFeatures, inFeatures], { init, layout });
    this.bias = bias ? new Parameter([outFeatures], { init: fanInUniform(inFeatures) }) : null;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight.tensor, this.bias?.tensor ?? null, this.options);
  }
}
