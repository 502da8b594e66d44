import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, normalizeAxis, numel, rowMajorStrides, type Shape } from "../../shape.ts";
import { broadcastStrides, joinAxes } from "../elementwise/broadcast.ts";
import { flatGrid, LANES, PER_INVOCATION } from "../elementwise/flat.ts";
import gatherSource from "./gather.wgsl";

export const gatherKernel = defineKernel({
  name: "gather",
  modules: { "gather.wgsl": gatherSource },
  constants: { LANES, ELEMENTS: PER_INVOCATION, AXES: 6, Element: "vec4u" },
  bindings: { input: "read", output: "read_write" },
  params: {
    count: "u32",
    size1: "u32",
    size2: "u32",
    size3: "u32",
    size4: "u32",
    size5: "u32",
    offset: "i32",
    step0: "i32",
    step1: "i32",
    step2: "i32",
    step3: "i32",
    step4: "i32",
    step5: "i32",
  },
});

/** Refuses what has more axes, once joined, than the kernels have. */
export function requireSixAxes(op: string, input: Shape, joined: number): void {
  if (joined <= 6) return;
  throw new ShapeError(
    `${op}: ${joined} axes remain after joining neighbours, at most 6 are supported\n` +
      `  input  ${formatShape(input)}\nReshape axes that stay together into one.`,
  );
}

/** `output[i] = x[offset + Σ i_k · steps[k]]`, in elements. */
function gather(
  gpu: Gpu,
  op: string,
  x: GpuArray,
  shape: Shape,
  steps: readonly number[],
  offset = 0,
): GpuArray {
  const joined = joinAxes(shape, [steps]);
  requireSixAxes(op, x.shape, joined.sizes.length);
  const unit = isVector(joined.sizes, joined.strides[0] ?? [], offset) ? 4 : 1;
  const missing = new Array<number>(6 - joined.sizes.length);
  const sizes = [...missing.fill(1), ...joined.sizes];
  const strides = [...missing.fill(0), ...(joined.strides[0] ?? [])];
  const [, size1 = 1, size2 = 1, size3 = 1, size4 = 1, size5 = 1] = sizes;
  const [step0 = 0, step1 = 0, step2 = 0, step3 = 0, step4 = 0, step5 = 0] = strides;
  const output = gpu.empty(shape, x.dtype);
  const count = numel(shape) / unit;
  gatherKernel.dispatch(
    gpu,
    { input: x, output },
    {
      count,
      size1,
      size2,
      size3,
      size4,
      size5: size5 / unit,
      offset: offset / unit,
      step0: step0 / unit,
      step1: step1 / unit,
      step2: step2 / unit,
      step3: step3 / unit,
      step4: step4 / unit,
      step5,
    },
    {
      workgroups: flatGrid(gpu, count),
      constants: { AXES: joined.sizes.length > 3 ? 6 : 3, Element: unit === 4 ? "vec4u" : "u32" },
    },
  );
  return output;
}

/** Whether the last axis can be moved four at a time: contiguous, and everything aligned. */
function isVector(sizes: readonly number[], steps: readonly number[], offset: number): boolean {
  const aligned = steps.slice(0, -1).every((step) => step % 4 === 0);
  return steps.at(-1) === 1 && (sizes.at(-1) ?? 1) % 4 === 0 && offset % 4 === 0 && aligned;
}

/**
 * Permutes axes: axis `k` of the result is axis `permutation[k]` of `x`.
 *
 * @throws {ShapeError} if `permutation` does not name every axis once
 * @see torch.permute
 */
export function transpose(gpu: Gpu, x: GpuArray, permutation: readonly number[]): GpuArray {
  const rank = x.shape.length;
  const axes = permutation.map((axis) => normalizeAxis("transpose", axis, rank));
  if (axes.length !== rank || new Set(axes).size !== rank) {
    throw new ShapeError(
      `transpose: [${permutation.join(", ")}] does not name every axis once\n` +
        `  input  ${formatShape(x.shape)}`,
    );
  }
  const strides = rowMajorStrides(x.shape);
  const shape = axes.map((axis) => x.shape[axis] ?? 1);
  return gather(
    gpu,
    "transpose",
    x,
    shape,
    axes.map((axis) => strides[axis] ?? 0),
  );
}

/** The permutation that undoes `permutation`. */
export function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  for (const [to, from] of permutation.entries()) {
    inverse[from < 0 ? from + permutation.length : from] = to;
  }
  return inverse;
}

/**
 * A box of `x`: `output[i] = x[starts + i]`.
 *
 * @param starts, sizes one number per axis
 * @throws {ShapeError} if the box is empty or reaches beyond `x`
 */
export function slice(
  gpu: Gpu,
  x: GpuArray,
  starts: readonly number[],
  sizes: readonly number[],
): GpuArray {
  const { shape } = x;
  const inside =
    starts.length === shape.length &&
    sizes.length === shape.length &&
    shape.every((size, axis) => {
      const start = starts[axis] ?? -1;
      const length = sizes[axis] ?? 0;
      return start >= 0 && length >= 1 && start + length <= size;
    });
  if (!inside) {
    throw new ShapeError(
      "slice: the box is empty or reaches beyond the input\n" +
        `  input   ${formatShape(shape)}\n  starts  ${formatShape(starts)}\n` +
        `  sizes   ${formatShape(sizes)}\nPass a start and a size for every axis.`,
    );
  }
  const strides = rowMajorStrides(shape);
  const offset = starts.reduce((sum, start, axis) => sum + start * (strides[axis] ?? 0), 0);
  return gather(gpu, "slice", x, sizes, strides, offset);
}

/**
 * Reverses axes.
 *
 * @param axes negative counts from the end
 * @see torch.flip
 */
export function flip(gpu: Gpu, x: GpuArray, axes: readonly number[]): GpuArray {
  const reversed = new Set(axes.map((axis) => normalizeAxis("flip", axis, x.shape.length)));
  let offset = 0;
  const steps = rowMajorStrides(x.shape).map((stride, axis) => {
    if (!reversed.has(axis)) return stride;
    offset += ((x.shape[axis] ?? 1) - 1) * stride;
    return -stride;
  });
  return gather(gpu, "flip", x, x.shape, steps, offset);
}

/**
 * Repeats `x` along axes of size 1, and along new ones in front.
 *
 * @throws {ShapeError} if `x.shape` does not broadcast to `shape`
 * @see torch.broadcast_to; its adjoint is `sumTo`
 */
export function broadcastTo(gpu: Gpu, x: GpuArray, shape: Shape): GpuArray {
  const lead = shape.length - x.shape.length;
  const fits =
    lead >= 0 && x.shape.every((size, axis) => size === 1 || size === shape[axis + lead]);
  if (!fits) {
    throw new ShapeError(
      `broadcastTo: the input does not broadcast to ${formatShape(shape)}\n` +
        `  input  ${formatShape(x.shape)}\n  shape  ${formatShape(shape)}\n` +
        "Axes are aligned at the right; sizes must be equal, or 1 in the input.",
    );
  }
  return gather(gpu, "broadcastTo", x, shape, broadcastStrides(x.shape, shape));
}
