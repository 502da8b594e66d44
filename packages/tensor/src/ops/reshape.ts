import { formatShape, numel, type Shape, ShapeError } from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The same elements under another shape, in the order of memory. Shares the buffer.
 *
 * @param shape one size may be -1: whatever is left
 * @throws {ShapeError} if the number of elements differs
 * @see torch.reshape
 */
export function reshape(input: Tensor, shape: Shape): Tensor {
  const resolved = inferSize(input.shape, shape);
  const { shape: inputShape } = input;
  return record({
    op: "reshape",
    output: input.data.reshape(resolved),
    inputs: [input],
    backward: (gradOutput) => [gradOutput.reshape(inputShape)],
  });
}

/**
 * Joins the axes from `startAxis` on: `[N, H, W, C]` becomes `[N, H·W·C]`.
 *
 * The elements stay in our order, H, W, C; PyTorch flattens C, H, W. A linear layer behind it
 * takes PyTorch's weights through the `flattened` option of `Linear`.
 *
 * @see torch.flatten
 */
export function flatten(input: Tensor, startAxis = 1): Tensor {
  const { shape } = input;
  if (!Number.isInteger(startAxis) || startAxis < 0 || startAxis >= Math.max(shape.length, 1)) {
    throw new ShapeError(
      `flatten: startAxis ${startAxis} is outside the input\n  input  ${formatShape(shape)}\n` +
        "Pass an axis counted from 0.",
    );
  }
  return reshape(input, [...shape.slice(0, startAxis), numel(shape.slice(startAxis))]);
}

function inferSize(from: Shape, shape: Shape): number[] {
  const known = numel(shape.filter((size) => size !== -1));
  const inferred = shape.filter((size) => size === -1).length;
  const total = numel(from);
  const fits = inferred === 0 ? known === total : inferred === 1 && total % known === 0;
  if (!fits || shape.some((size) => size < -1 || size === 0 || !Number.isInteger(size))) {
    throw new ShapeError(
      `reshape: ${total} elements do not fill ${formatShape(shape)}\n` +
        `  input  ${formatShape(from)}\n` +
        "The sizes must multiply to the number of elements; one may be -1.",
    );
  }
  return shape.map((size) => (size === -1 ? total / known : size));
}
