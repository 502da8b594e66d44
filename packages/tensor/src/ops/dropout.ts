import type { DropoutOptions, PerStep } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Zeroes each element with probability `p` and divides the others by `1 − p`. The mask is not
 * stored: seed and offset give it again for the gradient.
 *
 * @param random may be a value of each step's own: a captured step draws new masks then
 * @throws {UsageError} if `p` is outside [0, 1]
 * @see torch.nn.functional.dropout
 */
export function dropout(input: Tensor, p: number, random: PerStep<DropoutOptions>): Tensor {
  const { gpu } = input;
  return record({
    op: "dropout",
    output: kernels.dropout(gpu, input.data, p, random),
    inputs: [input],
    backward: (gradOutput) => [kernels.dropout(gpu, gradOutput, p, random)],
  });
}

/**
 * Stochastic depth: zeroes whole samples (one draw per index of the first axis) with probability
 * `p` and divides the others by `1 − p`.
 *
 * @throws {UsageError} if `p` is outside [0, 1]
 * @see torchvision.ops.stochastic_depth with mode "row"
 */
export function dropPath(input: Tensor, p: number, random: PerStep<DropoutOptions>): Tensor {
  const { gpu } = input;
  return record({
    op: "dropPath",
    output: kernels.dropPath(gpu, input.data, p, random),
    inputs: [input],
    backward: (gradOutput) => [kernels.dropPath(gpu, gradOutput, p, random)],
  });
}
