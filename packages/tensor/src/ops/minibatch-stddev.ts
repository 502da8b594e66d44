import type { MinibatchStddevMode } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Appends one channel that tells a discriminator how varied its batch is: the standard deviation
 * over the group, averaged over channels and pixels.
 *
 * `per-sample` treats every image as a batch of one: the channel is √1e-8 and has no gradient, so
 * that an image's score does not depend on its neighbours. `batch` groups images `i` and
 * `i + N / groupSize` as the original does.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, H, W, C + 1]`
 * @throws {ShapeError} if the batch does not divide into groups
 * @see Karras et al., "Progressive Growing of GANs", section 3
 */
export function minibatchStddev(
  input: Tensor,
  groupSize: number,
  mode: MinibatchStddevMode = "per-sample",
): Tensor {
  const { gpu } = input;
  const geometry = kernels.minibatchStddevGeometry(input.shape, groupSize, mode);
  return record({
    op: "minibatchStddev",
    output: kernels.minibatchStddev(gpu, input.data, geometry),
    inputs: [input],
    saved: [input.data],
    backward: (gradOutput, _needs, [x]) => [
      kernels.minibatchStddevGradInput(gpu, gradOutput, x, geometry),
    ],
  });
}
