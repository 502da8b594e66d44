import { adamStep, type GpuArray } from "@fauxgrad/kernels";
import {
  type BaseOptions,
  type GroupInput,
  type Memory,
  Optimizer,
  remembered,
  type Trainables,
} from "./optimizer.ts";

/** Options of {@link Adam} and {@link AdamW}; PyTorch's names and defaults. */
export interface AdamOptions extends BaseOptions {
  /** Decay of the running means of the gradient and of its square. */
  betas?: readonly [number, number];
  eps?: number;
  weightDecay?: number;
}

type Groups = Trainables | readonly GroupInput<AdamOptions>[];

/**
 * Adam: `m ← β₁m + (1 − β₁)g`, `v ← β₂v + (1 − β₂)g²`, and at step `t`
 * `θ ← θ − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + eps)`. Weight decay is added to the gradient.
 *
 * @see torch.optim.Adam, which it matches; Kingma and Ba, 2015
 */
export class Adam extends Optimizer<AdamOptions> {
  readonly #decoupled: boolean;

  constructor(groups: Groups, options: Partial<AdamOptions> = {}, decoupled = false) {
    super(groups, {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: decoupled ? 1e-2 : 0,
      ...options,
    });
    this.#decoupled = decoupled;
  }

  protected override update(
    options: AdamOptions,
    parameter: GpuArray,
    gradient: GpuArray,
    memory: Memory,
  ): void {
    const moments = {
      first: remembered(memory, "exp_avg", parameter),
      second: remembered(memory, "exp_avg_sq", parameter),
    };
    const decoupled = this.#decoupled;
    const current = parameter.gpu.perStep(() => ({ ...options, step: memory.step, decoupled }));
    adamStep(parameter.gpu, parameter, gradient, moments, current);
  }
}

/**
 * Adam with weight decay that shrinks the parameter, `θ ← (1 − lr·weightDecay)·θ`, instead of adding
 * to its gradient.
 *
 * @see torch.optim.AdamW, which it matches; Loshchilov and Hutter, 2019
 */
export class AdamW extends Adam {
  constructor(groups: Groups, options: Partial<AdamOptions> = {}) {
    super(groups, options, true);
  }
}
