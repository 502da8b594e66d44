import type { Upfirdn2dOptions } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Up-sample with zeros, pad, convolve each channel with the same small kernel, down-sample.
 *
 * @param input  `[N, H, W, C]`
 * @param kernel `[KH, KW]`; a constant: it receives no gradient
 * @returns `[N, OH, OW, C]`
 * @throws {ShapeError} if the kernel exceeds the padded input
 * @see Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", appendix B
 */
export function upfirdn2d(input: Tensor, kernel: Tensor, options: Upfirdn2dOptions = {}): Tensor {
  const { gpu } = input;
  const geometry = kernels.upfirdn2dGeometry(input.shape, kernel.shape, options);
  return record({
    op: "upfirdn2d",
    output: kernels.upfirdn2d(gpu, input.data, kernel.data, geometry),
    inputs: [input],
    saved: [kernel.data],
    backward: (gradOutput, _needs, [fir]) => [
      kernels.upfirdn2d(gpu, gradOutput, fir, kernels.upfirdn2dAdjoint(geometry)),
    ],
  });
}
