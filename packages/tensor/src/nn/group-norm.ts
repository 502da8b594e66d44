import { groupNorm } from "../ops/group-norm.ts";
import type { Tensor } from "../tensor.ts";
import { constant, type Initializer } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of a {@link GroupNorm}; PyTorch's names and defaults. */
export interface GroupNormOptions {
  readonly eps?: number;
  /** Whether there are a learned weight and bias. */
  readonly affine?: boolean;
  /** First weights. Default 1. */
  readonly init?: Initializer;
}

/**
 * Normalises each sample's groups of neighbouring channels of `[N, H, W, C]`.
 *
 * @see torch.nn.GroupNorm
 */
export class GroupNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly numGroups: number;
  readonly eps: number;

  constructor(
    numGroups: number,
    numChannels: number,
    { eps = 1e-5, affine = true, init = constant(1) }: GroupNormOptions = {},
  ) {
    super();
    this.weight = affine ? new Parameter([numChannels], { init }) : null;
    this.bias = affine ? new Parameter([numChannels], { init: constant(0) }) : null;
    this.numGroups = numGroups;
    this.eps = eps;
  }

  /** @param activation what follows in the same pass */
  forward(input: Tensor, activation: "silu" | null = null): Tensor {
    const weight = this.weight?.tensor ?? null;
    const bias = this.bias?.tensor ?? null;
    return groupNorm(input, this.numGroups, weight, bias, { eps: this.eps, activation });
  }
}
