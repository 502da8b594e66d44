import { UsageError } from "../../errors.ts";
import { type PerStep, perReplay } from "../../gpu/capture/step-value.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { FLAT, FLAT_CONSTANTS, flatGrid, vectorsOf } from "../elementwise/flat.ts";
import adamSource from "./adam.wgsl";
import { requireMatching } from "./operands.ts";

export const adamKernel = defineKernel({
  name: "adam",
  modules: { ...FLAT, "adam.wgsl": adamSource },
  constants: FLAT_CONSTANTS,
  bindings: {
    parameter: "read_write",
    grad: "read",
    first_moment: "read_write",
    second_moment: "read_write",
  },
  params: {
    vectors: "u32",
    step_size: "f32",
    keep: "f32",
    weight_decay: "f32",
    beta1: "f32",
    one_minus_beta1: "f32",
    beta2: "f32",
    one_minus_beta2: "f32",
    correction: "f32",
    eps: "f32",
  },
});

/** Options of {@link adamStep}, PyTorch's. */
export interface AdamOptions {
  readonly lr: number;
  /** The number of this step: 1, 2, … */
  readonly step: number;
  /** Default `[0.9, 0.999]`. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** AdamW: shrink the parameter instead of adding to the gradient. Default false. */
  readonly decoupled?: boolean;
}

/** Running means that {@link adamStep} changes; zeros before the first step. */
export interface AdamMoments {
  /** Of the gradient. */
  readonly first: GpuArray;
  /** Of its square. */
  readonly second: GpuArray;
}

/**
 * One step of Adam, in place: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `θ ← θ − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + eps)`, with `g ← g + weightDecay·θ`, or, decoupled
 * (AdamW), `θ ← (1 − lr·weightDecay)·θ` first.
 *
 * @param parameter θ, changed
 * @param options   may be a value of each step's own, so that a captured step counts on
 * @throws {ShapeError} if the shapes differ
 * @throws {UsageError} unless `step` is 1, 2, …
 * @see torch.optim.Adam, torch.optim.AdamW; Kingma and Ba 2015; Loshchilov and Hutter 2019
 */
export function adamStep(
  gpu: Gpu,
  parameter: GpuArray,
  grad: GpuArray,
  moments: AdamMoments,
  options: PerStep<AdamOptions>,
): void {
  const { first: first_moment, second: second_moment } = moments;
  const operands = requireMatching("adamStep", { parameter, grad, first_moment, second_moment });
  const vectors = vectorsOf(parameter.size);
  const params = perReplay(options, (now) => ({ vectors, ...adamParams(now) }));
  adamKernel.dispatch(gpu, operands, params, { workgroups: flatGrid(gpu, vectors) });
}

/** What depends on the step, in float64. */
function adamParams(options: AdamOptions) {
  const { lr, step, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
  if (!Number.isInteger(step) || step < 1) {
    throw new UsageError(`adamStep: step = ${step}\nCount steps from 1.`);
  }
  const [beta1, beta2] = betas;
  return {
    step_size: lr / (1 - beta1 ** step),
    keep: options.decoupled ? 1 - lr * weightDecay : 1,
    weight_decay: options.decoupled ? 0 : weightDecay,
    beta1,
    one_minus_beta1: 1 - beta1,
    beta2,
    one_minus_beta2: 1 - beta2,
    correction: Math.sqrt(1 - beta2 ** step),
    eps,
  };
}
