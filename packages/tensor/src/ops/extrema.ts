import type { ReduceOptions } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import { Tensor } from "../tensor.ts";

/**
 * Largest element over `axes`, all of them by default. The gradient is shared evenly by ties.
 *
 * @see torch.amax
 */
export function amax(
  input: Tensor,
  axes: readonly number[] | null = null,
  options: ReduceOptions = {},
): Tensor {
  return extremum("max", input, axes, options);
}

/**
 * Smallest element over `axes`, all of them by default. The gradient is shared evenly by ties.
 *
 * @see torch.amin
 */
export function amin(
  input: Tensor,
  axes: readonly number[] | null = null,
  options: ReduceOptions = {},
): Tensor {
  return extremum("min", input, axes, options);
}

function extremum(
  name: "max" | "min",
  input: Tensor,
  axes: readonly number[] | null,
  options: ReduceOptions,
): Tensor {
  const { gpu, shape } = input;
  const output = kernels.reduce(gpu, name, input.data, axes, options);
  const reduced = new Set(
    axes === null ? shape.keys() : axes.map((axis) => (axis < 0 ? axis + shape.length : axis)),
  );
  const kept = shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  return record({
    op: `a${name}`,
    output,
    inputs: [input],
    saved: [input.data, output],
    backward: (gradOutput, _needs, [x, y]) => {
      using grad = gradOutput.reshape(kept);
      using extreme = y.reshape(kept);
      using winners = kernels.binary(gpu, "equal", x, extreme);
      using count = kernels.reduce(gpu, "sum", winners, axes, { keepDims: true });
      using share = kernels.binary(gpu, "div", grad, count);
      return [kernels.binary(gpu, "mul", winners, share)];
    },
  });
}

/**
 * Index of the largest element along `axis`: the first of equals, a NaN before everything. u32,
 * without history.
 *
 * @see torch.argmax
 */
export function argmax(input: Tensor, axis = -1): Tensor {
  return new Tensor(kernels.argmax(input.gpu, input.data, axis));
}
