import { DTypeError, ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, normalizeAxis, numel } from "../../shape.ts";
import { flatGrid, LANES, PER_INVOCATION } from "../elementwise/flat.ts";
import copyRowsSource from "./copy-rows.wgsl";
import { slice } from "./gather.ts";

export const copyRowsKernel = defineKernel({
  name: "copyRows",
  modules: { "copy-rows.wgsl": copyRowsSource },
  constants: { LANES, ELEMENTS: PER_INVOCATION, Element: "vec4u" },
  bindings: { input: "read", output: "read_write" },
  params: { count: "u32", columns: "u32", output_columns: "u32", offset: "u32" },
});

/**
 * Arrays one behind the other along an axis.
 *
 * @param arrays of one element type, equal in every other axis
 * @throws {ShapeError} if there is none, or their other axes differ
 * @throws {DTypeError} if their element types differ
 * @see torch.cat
 */
export function concat(gpu: Gpu, arrays: readonly GpuArray[], axis: number): GpuArray {
  const [first] = arrays;
  if (first === undefined) throw new ShapeError("concat: no arrays\nPass at least one.");
  const at = normalizeAxis("concat", axis, first.shape.length);
  requireCompatible(arrays, first, at);
  const total = arrays.reduce((sum, { shape }) => sum + (shape[at] ?? 0), 0);
  const shape = first.shape.with(at, total);
  const inner = numel(shape.slice(at + 1));
  const output = gpu.empty(shape, first.dtype);
  let offset = 0;
  for (const input of arrays) {
    const columns = (input.shape[at] ?? 1) * inner;
    const width = total * inner;
    const unit = [columns, width, offset].every((value) => value % 4 === 0) ? 4 : 1;
    const count = input.size / unit;
    copyRowsKernel.dispatch(
      gpu,
      { input, output },
      { count, columns: columns / unit, output_columns: width / unit, offset: offset / unit },
      {
        workgroups: flatGrid(gpu, count),
        constants: { Element: unit === 4 ? "vec4u" : "u32" },
      },
    );
    offset += columns;
  }
  return output;
}

function requireCompatible(arrays: readonly GpuArray[], first: GpuArray, axis: number): void {
  const others = (array: GpuArray) => formatShape(array.shape.toSpliced(axis, 1));
  for (const [place, array] of arrays.entries()) {
    if (array.shape.length !== first.shape.length || others(array) !== others(first)) {
      throw new ShapeError(
        `concat: array ${place} differs from array 0 in more than axis ${axis}\n` +
          arrays.map(({ shape }, i) => `  array ${i}  ${formatShape(shape)}`).join("\n"),
      );
    }
    if (array.dtype !== first.dtype) {
      throw new DTypeError(`concat: array ${place} is ${array.dtype}, array 0 ${first.dtype}`);
    }
  }
}

/**
 * Cuts an array into pieces along an axis: the inverse of {@link concat}.
 *
 * @param sizes of the pieces; their sum is the axis's size
 * @throws {ShapeError} if it is not
 * @see torch.split
 */
export function split(gpu: Gpu, x: GpuArray, sizes: readonly number[], axis: number): GpuArray[] {
  const at = normalizeAxis("split", axis, x.shape.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.shape[at]) {
    throw new ShapeError(
      `split: sizes ${formatShape(sizes)} add up to ${total}, axis ${axis} has ${x.shape[at]}\n` +
        `  input  ${formatShape(x.shape)}`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    const starts = x.shape.map((_, other) => (other === at ? start : 0));
    start += size;
    return slice(gpu, x, starts, x.shape.with(at, size));
  });
}
