import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Softmax over the last axis: `e^x / Σ_c e^x`.
 *
 * @param input `[…, C]`
 * @see torch.softmax with dim -1
 */
export function softmax(input: Tensor): Tensor {
  const { gpu } = input;
  const output = kernels.softmax(gpu, input.data);
  return record({
    op: "softmax",
    output,
    inputs: [input],
    saved: [output],
    backward: (gradOutput, _needs, [y]) => [kernels.softmaxGradInput(gpu, gradOutput, y)],
  });
}

/**
 * Logarithm of the softmax over the last axis: `x − ln Σ_c e^x`.
 *
 * @param input `[…, C]`
 * @see torch.log_softmax with dim -1
 */
export function logSoftmax(input: Tensor): Tensor {
  const { gpu } = input;
  const output = kernels.logSoftmax(gpu, input.data);
  return record({
    op: "logSoftmax",
    output,
    inputs: [input],
    saved: [output],
    backward: (gradOutput, _needs, [y]) => [kernels.logSoftmaxGradInput(gpu, gradOutput, y)],
  });
}
