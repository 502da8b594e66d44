import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";
import { epilogueOf, type FusedOptions, gradBeforeActivation } from "./conv2d.ts";

/**
 * `output[…, o] = bias[o] + scale · Σ_i input[…, i] · weight[i, o]`, followed by a leaky ReLU if
 * `activation` is given.
 *
 * @param input  `[…, I]`
 * @param weight `[I, O]`: the transpose of PyTorch's
 * @param bias   `[O]`, or null
 * @returns `[…, O]`
 * @throws {ShapeError} if the inner sizes do not agree
 * @see torch.nn.functional.linear
 */
export function linear(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: FusedOptions = {},
): Tensor {
  const { gpu } = input;
  const { scale = 1, activation } = options;
  const geometry = kernels.matmulGeometry(input.shape, weight.shape);
  const epilogue = epilogueOf(bias, options);
  const output = kernels.matmul(gpu, input.data, weight.data, geometry, epilogue);
  return record({
    op: "linear",
    output,
    inputs: [input, weight, bias],
    saved: [
      weight.requiresGrad ? input.data : null,
      input.requiresGrad ? weight.data : null,
      activation != null ? output : null,
    ],
    backward: (gradOutput, [needsInput, needsWeight, needsBias], [x, w, y]) => {
      const grad = gradBeforeActivation(gradOutput, y, activation);
      try {
        return [
          needsInput && w ? kernels.matmulGradA(gpu, grad, w, geometry, scale) : null,
          needsWeight && x ? kernels.matmulGradB(gpu, x, grad, geometry, scale) : null,
          needsBias ? kernels.sumChannels(gpu, grad) : null,
        ];
      } finally {
        grad.dispose();
      }
    },
  });
}

/**
 * `output[…, n] = Σ_k a[…, k] · b[k, n]`.
 *
 * @param a `[…, K]`
 * @param b `[K, N]`
 * @see torch.matmul with a matrix on the right
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return linear(a, b);
}
