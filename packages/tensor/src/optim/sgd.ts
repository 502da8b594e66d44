import { type GpuArray, sgdStep, UsageError } from "@fauxgrad/kernels";
import {
  type BaseOptions,
  type GroupInput,
  type Memory,
  Optimizer,
  type Trainables,
} from "./optimizer.ts";

/** Options of {@link SGD}; PyTorch's names and defaults. */
export interface SgdOptions extends BaseOptions {
  momentum?: number;
  dampening?: number;
  nesterov?: boolean;
  /** Adds `weightDecay · parameter` to the gradient. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent: `g ← grad + weightDecay·θ`, `b ← momentum·b + (1 − dampening)·g` (at
 * first `b ← g`), `θ ← θ − lr·(nesterov ? g + momentum·b : b)`.
 *
 * @throws {UsageError} if Nesterov's momentum is asked for without momentum, or with dampening
 * @see torch.optim.SGD, which it matches
 */
export class SGD extends Optimizer<SgdOptions> {
  constructor(groups: Trainables | readonly GroupInput<SgdOptions>[], options: SgdOptions) {
    super(groups, options);
    for (const { nesterov = false, momentum = 0, dampening = 0 } of this.groups) {
      if (!nesterov || (momentum > 0 && dampening === 0)) continue;
      throw new UsageError(
        `SGD: nesterov with momentum = ${momentum} and dampening = ${dampening}\n` +
          "Nesterov's momentum needs momentum above 0 and no dampening.",
      );
    }
  }

  protected override update(
    options: SgdOptions,
    parameter: GpuArray,
    gradient: GpuArray,
    { arrays }: Memory,
  ): void {
    const { gpu } = parameter;
    const hasMomentum = (options.momentum ?? 0) !== 0;
    // The first step fills it.
    let first = hasMomentum && !arrays.has("momentum_buffer");
    if (first) {
      const buffer = gpu.outsideCapture(() => gpu.empty(parameter.shape));
      arrays.set("momentum_buffer", buffer);
    }
    const current = gpu.perStep(() => {
      const values = { ...options, first };
      first = false;
      return values;
    });
    const buffer = hasMomentum ? (arrays.get("momentum_buffer") ?? null) : null;
    sgdStep(gpu, parameter, gradient, buffer, current);
  }
}
