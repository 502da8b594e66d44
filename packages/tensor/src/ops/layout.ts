import type { PadPair, Shape } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The axes in another order: axis `i` of the result is axis `permutation[i]` of the input.
 *
 * @see torch.permute
 */
export function transpose(input: Tensor, permutation: readonly number[]): Tensor {
  const { gpu } = input;
  const inverse = kernels.inversePermutation(
    permutation.map((axis) => kernels.normalizeAxis("transpose", axis, input.shape.length)),
  );
  return record({
    op: "transpose",
    output: kernels.transpose(gpu, input.data, permutation),
    inputs: [input],
    backward: (gradOutput) => [kernels.transpose(gpu, gradOutput, inverse)],
  });
}

/**
 * Tensors end to end along `axis`; all other sizes agree.
 *
 * @see torch.cat
 */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  const arrays = inputs.map((input) => input.data);
  const gpu = arrays[0]?.gpu;
  if (gpu === undefined) throw new kernels.ShapeError("concat: no tensors\nPass at least one.");
  const output = kernels.concat(gpu, arrays, axis);
  const at = kernels.normalizeAxis("concat", axis, output.shape.length);
  const sizes = inputs.map((input) => input.shape[at] ?? 1);
  return record({
    op: "concat",
    output,
    inputs,
    backward: (gradOutput, needs) => {
      if (needs.every((needed) => needed)) return kernels.split(gpu, gradOutput, sizes, at);
      const { shape } = gradOutput;
      let start = 0;
      return sizes.map((size, i) => {
        const starts = shape.map((_, axis) => (axis === at ? start : 0));
        start += size;
        return needs[i] ? kernels.slice(gpu, gradOutput, starts, shape.with(at, size)) : null;
      });
    },
  });
}

/**
 * The block that starts at `starts` and has `sizes`.
 *
 * @see torch.narrow, once per axis
 */
export function slice(input: Tensor, starts: readonly number[], sizes: readonly number[]): Tensor {
  const { gpu, shape } = input;
  const pads = shape.map((size, axis): PadPair => {
    const start = starts[axis] ?? 0;
    return [start, size - start - (sizes[axis] ?? size)];
  });
  return record({
    op: "slice",
    output: kernels.slice(gpu, input.data, starts, sizes),
    inputs: [input],
    backward: (gradOutput) => [kernels.pad(gpu, gradOutput, pads)],
  });
}

/**
 * `pads[axis] = [before, after]` elements of `value` around the input.
 *
 * @see torch.nn.functional.pad with mode "constant"
 */
export function pad(input: Tensor, pads: readonly PadPair[], value = 0): Tensor {
  const { gpu, shape } = input;
  const starts = pads.map(([before]) => before);
  return record({
    op: "pad",
    output: kernels.pad(gpu, input.data, pads, value),
    inputs: [input],
    backward: (gradOutput) => [kernels.slice(gpu, gradOutput, starts, shape)],
  });
}

/**
 * Reversed along `axes`.
 *
 * @see torch.flip
 */
export function flip(input: Tensor, axes: readonly number[]): Tensor {
  const { gpu } = input;
  return record({
    op: "flip",
    output: kernels.flip(gpu, input.data, axes),
    inputs: [input],
    backward: (gradOutput) => [kernels.flip(gpu, gradOutput, axes)],
  });
}

/**
 * Repeated along axes of size 1, and along new ones in front.
 *
 * @see torch.broadcast_to
 */
export function broadcastTo(input: Tensor, shape: Shape): Tensor {
  const { gpu, shape: inputShape } = input;
  return record({
    op: "broadcastTo",
    output: kernels.broadcastTo(gpu, input.data, shape),
    inputs: [input],
    backward: (gradOutput) => [kernels.sumTo(gpu, gradOutput, inputShape)],
  });
}
