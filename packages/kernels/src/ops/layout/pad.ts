import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, numel, type Shape } from "../../shape.ts";
import { flatGrid, LANES, PER_INVOCATION } from "../elementwise/flat.ts";
import { elementBits } from "../elementwise/in-place.ts";
import { requireSixAxes } from "./gather.ts";
import padSource from "./pad.wgsl";

export const padKernel = defineKernel({
  name: "pad",
  modules: { "pad.wgsl": padSource },
  constants: { LANES, ELEMENTS: PER_INVOCATION, AXES: 6, Element: "vec4u" },
  bindings: { input: "read", output: "read_write" },
  params: {
    count: "u32",
    size1: "u32",
    size2: "u32",
    size3: "u32",
    size4: "u32",
    size5: "u32",
    before0: "u32",
    before1: "u32",
    before2: "u32",
    before3: "u32",
    before4: "u32",
    before5: "u32",
    input0: "u32",
    input1: "u32",
    input2: "u32",
    input3: "u32",
    input4: "u32",
    input5: "u32",
    bits: "u32",
  },
});

/** Elements added before and after an axis. */
export type PadPair = readonly [before: number, after: number];

interface PaddedAxis {
  input: number;
  before: number;
  output: number;
}

/**
 * Surrounds `x` with a value: `output[i] = x[i − before]`, or `value` outside.
 *
 * @param pads one pair per axis, none negative
 * @returns each axis longer by `before + after`
 * @throws {ShapeError} if a pad is negative, or an axis has none named
 */
export function pad(gpu: Gpu, x: GpuArray, pads: readonly PadPair[], value = 0): GpuArray {
  const shape = paddedShape(x.shape, pads);
  const axes = joinUnpadded(x.shape, pads);
  const joined = axes.length;
  requireSixAxes("pad", x.shape, joined);
  const last = axes.at(-1);
  const vector = [last?.input, last?.before, last?.output].every((size) => (size ?? 1) % 4 === 0);
  const unit = vector ? 4 : 1;
  if (last !== undefined) {
    last.input /= unit;
    last.before /= unit;
    last.output /= unit;
  }
  const whole: PaddedAxis = { input: 1, before: 0, output: 1 };
  while (axes.length < 6) axes.unshift(whole);
  const [a0 = whole, a1 = whole, a2 = whole, a3 = whole, a4 = whole, a5 = whole] = axes;
  const output = gpu.empty(shape, x.dtype);
  const count = numel(shape) / unit;
  padKernel.dispatch(
    gpu,
    { input: x, output },
    {
      count,
      size1: a1.output,
      size2: a2.output,
      size3: a3.output,
      size4: a4.output,
      size5: a5.output,
      before0: a0.before,
      before1: a1.before,
      before2: a2.before,
      before3: a3.before,
      before4: a4.before,
      before5: a5.before,
      input0: a0.input,
      input1: a1.input,
      input2: a2.input,
      input3: a3.input,
      input4: a4.input,
      input5: a5.input,
      bits: elementBits(value, x.dtype),
    },
    {
      workgroups: flatGrid(gpu, count),
      constants: { AXES: joined > 3 ? 6 : 3, Element: vector ? "vec4u" : "u32" },
    },
  );
  return output;
}

function paddedShape(shape: Shape, pads: readonly PadPair[]): number[] {
  const valid = pads.flat().every((amount) => Number.isInteger(amount) && amount >= 0);
  if (pads.length !== shape.length || !valid) {
    throw new ShapeError(
      "pad: every axis needs two integers of at least 0\n" +
        `  input  ${formatShape(shape)}\n` +
        `  pads   ${pads.map(([before, after]) => `${before}+${after}`).join(", ")}\n` +
        "To cut, use slice.",
    );
  }
  return shape.map((size, axis) => size + (pads[axis]?.[0] ?? 0) + (pads[axis]?.[1] ?? 0));
}

/** An axis without padding joins the one before it, which is then padded by whole rows. */
function joinUnpadded(shape: Shape, pads: readonly PadPair[]): PaddedAxis[] {
  const axes: PaddedAxis[] = [];
  for (const [axis, size] of shape.entries()) {
    const [before, after] = pads[axis] ?? [0, 0];
    const previous = axes.at(-1);
    if (previous !== undefined && before === 0 && after === 0) {
      previous.input *= size;
      previous.before *= size;
      previous.output *= size;
    } else {
      axes.push({ input: size, before, output: size + before + after });
    }
  }
  return axes;
}
