import { l2PenaltySlots, l2PenaltyStep, reduce, UsageError } from "@fauxgrad/kernels";
import { Tensor } from "../tensor.ts";
import { type Trainable, tensorOf } from "./optimizer.ts";

/** A parameter, and what it is drawn to. */
export interface PenaltyTerm {
  readonly parameter: Trainable;
  /** `θ*`, of the same shape; null for the origin. */
  readonly start: Trainable | null;
}

/** How strongly, and what {@link addL2Penalty} counts by. */
export interface L2PenaltyOptions {
  /** One number on the device, so that it may come from another network's output. */
  readonly strength: Tensor;
  /** `f` of `strength · f · Σ‖θ − θ*‖²`. Default ½: the gradient is then `strength · (θ − θ*)`. */
  readonly factor?: number;
}

/**
 * Adds the gradient of `strength · factor · Σ ‖θ − θ*‖²` to the gradients of the parameters: L2-SP,
 * and with the origin as `θ*` plain weight decay. A parameter without a gradient gets one. Nothing
 * is read back: the host does not wait.
 *
 * @returns `[4]`, over all terms: `Σ‖θ − θ*‖²`, `Σ‖θ‖²`, and `Σ‖g‖²` before and after, added up in an
 *   order that depends on the shapes alone
 * @throws {UsageError} without terms, or if the strength is not one number
 * @throws {ShapeError} if a parameter and its start differ in shape
 * @see Li, Grandvalet and Davoine, "Explicit Inductive Bias for Transfer Learning", ICML 2018
 */
export function addL2Penalty(
  terms: readonly PenaltyTerm[],
  { strength, factor = 0.5 }: L2PenaltyOptions,
): Tensor {
  if (terms.length === 0 || strength.size !== 1) {
    throw new UsageError(
      `addL2Penalty: ${terms.length} terms, a strength of ${strength.size} numbers\n` +
        "Pass one parameter or more, and a strength of one number.",
    );
  }
  const { gpu } = strength;
  const slots = terms.map(({ parameter }) => l2PenaltySlots(tensorOf(parameter).size));
  using sums = gpu.empty([slots.reduce((sum, count) => sum + count, 0), 4]);
  let slot = 0;
  for (const [i, { parameter, start }] of terms.entries()) {
    const tensor = tensorOf(parameter);
    if (tensor.grad === null) tensor.accumulateGrad(gpu.zeros(tensor.shape));
    const { grad } = tensor;
    if (grad === null) continue;
    const operands = {
      parameter: tensor.data,
      start: start === null ? null : tensorOf(start).data,
      grad: grad.data,
      strength: strength.data,
      sums,
    };
    l2PenaltyStep(gpu, operands, { slot, scale: 2 * factor });
    slot += slots[i] ?? 0;
  }
  return new Tensor(reduce(gpu, "sum", sums, [0]));
}
