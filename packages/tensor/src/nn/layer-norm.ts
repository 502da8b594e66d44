import { layerNorm } from "../ops/layer-norm.ts";
import type { Tensor } from "../tensor.ts";
import { constant } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of a {@link LayerNorm}; PyTorch's names and defaults. */
export interface LayerNormOptions {
  readonly eps?: number;
  /** Whether there are a learned weight and bias. */
  readonly elementwiseAffine?: boolean;
}

/** Normalises the last axis of `[…, features]`. @see torch.nn.LayerNorm over one axis */
export class LayerNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly eps: number;

  constructor(features: number, { eps = 1e-5, elementwiseAffine = true }: LayerNormOptions = {}) {
    super();
    this.weight = elementwiseAffine ? new Parameter([features], { init: constant(1) }) : null;
    this.bias = elementwiseAffine ? new Parameter([features], { init: constant(0) }) : null;
    this.eps = eps;
  }

  forward(input: Tensor): Tensor {
    const weight = this.weight?.tensor ?? null;
    const bias = this.bias?.tensor ?? null;
    return layerNorm(input, weight, bias, { eps: this.eps });
  }
}
