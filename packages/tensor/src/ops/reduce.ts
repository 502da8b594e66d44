import type { ReduceOptions, Shape } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/** The input's shape with the reduced axes at 1. */
function kept(shape: Shape, axes: readonly number[] | null): Shape {
  if (axes === null) return shape.map(() => 1);
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
}

/**
 * Sum over `axes`, all of them by default.
 *
 * @see torch.sum
 */
export function sum(
  input: Tensor,
  axes: readonly number[] | null = null,
  options: ReduceOptions = {},
): Tensor {
  const { gpu, shape } = input;
  return record({
    op: "sum",
    output: kernels.reduce(gpu, "sum", input.data, axes, options),
    inputs: [input],
    backward: (gradOutput) => {
      using grad = gradOutput.reshape(kept(shape, axes));
      return [kernels.broadcastTo(gpu, grad, shape)];
    },
  });
}

/**
 * Mean over `axes`, all of them by default.
 *
 * @see torch.mean
 */
export function mean(
  input: Tensor,
  axes: readonly number[] | null = null,
  options: ReduceOptions = {},
): Tensor {
  const { gpu, shape } = input;
  const output = kernels.reduce(gpu, "mean", input.data, axes, options);
  const scale = output.size / input.size;
  return record({
    op: "mean",
    output,
    inputs: [input],
    backward: (gradOutput) => {
      using grad = gradOutput.reshape(kept(shape, axes));
      using scaled = kernels.unary(gpu, "affine", grad, { scale, shift: 0 });
      return [kernels.broadcastTo(gpu, scaled, shape)];
    },
  });
}
