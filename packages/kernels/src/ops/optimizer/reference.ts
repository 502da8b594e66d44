// The optimisers in float64, one parameter at a time, as PyTorch's documentation writes them.

import type { AdamOptions } from "./adam.ts";
import type { SgdOptions } from "./sgd.ts";

/** One parameter with its momentum; undefined before the first step. */
export interface SgdState {
  parameter: number;
  buffer?: number;
}

/** torch.optim.SGD. */
export function sgdReference(state: SgdState, grad: number, options: SgdOptions): SgdState {
  const { lr, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  const g = grad + weightDecay * state.parameter;
  if (momentum === 0) return { parameter: state.parameter - lr * g };
  const buffer = state.buffer === undefined ? g : momentum * state.buffer + (1 - dampening) * g;
  const direction = nesterov ? g + momentum * buffer : buffer;
  return { parameter: state.parameter - lr * direction, buffer };
}

/** One parameter with its moments. */
export interface AdamState {
  readonly parameter: number;
  readonly first: number;
  readonly second: number;
}

/** torch.optim.Adam, and AdamW where decoupled. */
export function adamReference(state: AdamState, grad: number, options: AdamOptions): AdamState {
  const { lr, step, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, decoupled } = options;
  const [beta1, beta2] = betas;
  const parameter = decoupled ? state.parameter * (1 - lr * weightDecay) : state.parameter;
  const g = decoupled ? grad : grad + weightDecay * parameter;
  const first = beta1 * state.first + (1 - beta1) * g;
  const second = beta2 * state.second + (1 - beta2) * g ** 2;
  const corrected = first / (1 - beta1 ** step);
  const denominator = Math.sqrt(second / (1 - beta2 ** step)) + eps;
  return { parameter: parameter - (lr * corrected) / denominator, first, second };
}

/** What a penalty leaves: the gradient, and the four sums over all elements. */
export interface L2PenaltyResult {
  readonly grad: Float64Array;
  /** `Σ (θ − θ*)², Σ θ², Σ g², Σ g² after` */
  readonly sums: readonly [number, number, number, number];
}

/** `g + scale · (θ − θ*)`, element by element. */
export function l2PenaltyReference(
  parameter: ArrayLike<number>,
  start: ArrayLike<number> | null,
  grad: ArrayLike<number>,
  scale: number,
): L2PenaltyResult {
  const after = Float64Array.from(grad);
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < after.length; i++) {
    const distance = parameter[i]! - (start === null ? 0 : start[i]!);
    after[i] = grad[i]! + scale * distance;
    sums[0] += distance ** 2;
    sums[1] += parameter[i]! ** 2;
    sums[2] += grad[i]! ** 2;
    sums[3] += after[i]! ** 2;
  }
  return { grad: after, sums };
}
