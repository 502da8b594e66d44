import type { LossOptions } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Cross-entropy of a softmax: `loss[n] = −Σ_c t[n, c] · ln softmax(logits[n])[c]`, averaged unless
 * `reduction` says otherwise. There is no gradient by the target.
 *
 * @param logits `[N, C]`
 * @param target labels `[N]` (u32; one that is not below `C` makes the loss NaN), or class
 *   probabilities `[N, C]` (f32)
 * @returns `[]`, or `[N]` without reduction
 * @throws {ShapeError} if the shapes or the target's type do not fit
 * @see torch.nn.functional.cross_entropy
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const { gpu } = logits;
  return record({
    op: "crossEntropy",
    output: kernels.crossEntropy(gpu, logits.data, target.data, options),
    inputs: [logits],
    saved: [logits.data, target.data],
    backward: (gradOutput, _needs, [x, t]) => [
      kernels.crossEntropyGradLogits(gpu, gradOutput, x, t, options),
    ],
  });
}

/**
 * Binary cross-entropy of a sigmoid: `max(z, 0) − z·y + ln(1 + e^−|z|)`, averaged unless
 * `reduction` says otherwise. There is no gradient by the target.
 *
 * @param logits `z`, of any shape
 * @param target `y` in [0, 1], of the same shape
 * @returns `[]`, or the logits' shape without reduction
 * @throws {ShapeError} if the shapes differ
 * @see torch.nn.functional.binary_cross_entropy_with_logits
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  const { gpu } = logits;
  return record({
    op: "binaryCrossEntropyWithLogits",
    output: kernels.bceWithLogits(gpu, logits.data, target.data, options),
    inputs: [logits],
    saved: [logits.data, target.data],
    backward: (gradOutput, _needs, [z, y]) => [
      kernels.bceWithLogitsGradLogits(gpu, gradOutput, z, y, options),
    ],
  });
}
