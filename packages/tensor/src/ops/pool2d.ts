import type { AvgPool2dOptions, MaxPool2dOptions, Pair } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Maximum of each window; the first of equals, in row-major order, receives the gradient.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, OH, OW, C]`
 * @throws {ShapeError} if the windows do not fit
 * @see torch.nn.functional.max_pool2d
 */
export function maxPool2d(input: Tensor, options: MaxPool2dOptions): Tensor {
  const { gpu } = input;
  const geometry = kernels.maxPool2dGeometry(input.shape, options);
  const { output, indices } = kernels.maxPool2d(gpu, input.data, geometry);
  const pooled = record({
    op: "maxPool2d",
    output,
    inputs: [input],
    saved: [indices],
    backward: (gradOutput, _needs, [places]) => [
      kernels.maxPool2dGradInput(gpu, gradOutput, places, geometry),
    ],
  });
  indices.dispose();
  return pooled;
}

/**
 * Mean of each window; `countIncludePad` (default true) divides by the whole window at the border.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, OH, OW, C]`
 * @throws {ShapeError} if the windows do not fit
 * @see torch.nn.functional.avg_pool2d
 */
export function avgPool2d(input: Tensor, options: AvgPool2dOptions): Tensor {
  const { gpu } = input;
  const geometry = kernels.avgPool2dGeometry(input.shape, options);
  return record({
    op: "avgPool2d",
    output: kernels.avgPool2d(gpu, input.data, geometry),
    inputs: [input],
    backward: (gradOutput) => [kernels.avgPool2dGradInput(gpu, gradOutput, geometry)],
  });
}

/**
 * Mean over `outputSize` windows an axis, `[⌊i·H/OH⌋, ⌈(i + 1)·H/OH⌉)`, which overlap where the sizes
 * do not divide.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, OH, OW, C]`
 * @throws {ShapeError} if the output is larger than the input
 * @see torch.nn.functional.adaptive_avg_pool2d
 */
export function adaptiveAvgPool2d(input: Tensor, outputSize: Pair): Tensor {
  const { gpu } = input;
  const geometry = kernels.adaptiveAvgPool2dGeometry(input.shape, outputSize);
  return record({
    op: "adaptiveAvgPool2d",
    output: kernels.adaptiveAvgPool2d(gpu, input.data, geometry),
    inputs: [input],
    backward: (gradOutput) => [kernels.adaptiveAvgPool2dGradInput(gpu, gradOutput, geometry)],
  });
}
