import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * `input · sigmoid(logits)`, one logit for each sample and channel: the gate of squeeze and
 * excitation in one pass. Its gradients neither store the products they sum nor the sigmoid.
 *
 * @param input  `[N, …, C]`
 * @param logits `[N, 1, …, 1, C]`
 * @returns of the input's shape
 * @throws {ShapeError} if the logits have another shape
 * @see Hu et al., "Squeeze-and-Excitation Networks", 2018
 */
export function gate(input: Tensor, logits: Tensor): Tensor {
  const { gpu } = input;
  return record({
    op: "gate",
    output: kernels.gate(gpu, input.data, logits.data),
    inputs: [input, logits],
    saved: [logits.requiresGrad ? input.data : null, logits.data],
    backward: (gradOutput, [needsInput, needsLogits], [x, l]) => [
      needsInput ? kernels.gateGradInput(gpu, gradOutput, l) : null,
      needsLogits && x ? kernels.gateGradLogits(gpu, gradOutput, x, l) : null,
    ],
  });
}
