import { DTypeError, ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { formatShape, normalizeAxis, numel, type Shape, sameShape } from "../../shape.ts";
import specialFunctions from "../../wgsl/special-functions.wgsl";
import argmaxSource from "./argmax.wgsl";
import { planReduction, type Reduction, reduceGeometry } from "./geometry.ts";
import reduceSource from "./reduce.wgsl";

/** Reductions by name. */
export type ReduceName = "sum" | "mean" | "max" | "min" | "sumSquares";

/** What a reduction does with an element before, and with the running total. */
interface ReduceSpec {
  /** WGSL expression in `total` and `value`, of either type `Element`. */
  readonly combine: { readonly vector: string; readonly scalar: string };
  readonly identity: number;
  /** The same operation over partial results. */
  readonly again: "sum" | "max" | "min";
  readonly squares: boolean;
}

// As maximum in elementwise/table.ts: NaN wins from either side.
const MOST = "select(value, total, total > value || is_nan(total))";
const LEAST = "select(value, total, total < value || is_nan(total))";

function byComponent(scalar: string): ReduceSpec["combine"] {
  const parts = ["x", "y", "z", "w"].map((component) =>
    scalar.replace(/\b(value|total)\b/g, `$1.${component}`),
  );
  return { scalar, vector: `vec4f(${parts.join(", ")})` };
}

const ADD = { scalar: "total + value", vector: "total + value" };
const table: Readonly<Record<ReduceName, ReduceSpec>> = {
  sum: { combine: ADD, identity: 0, again: "sum", squares: false },
  mean: { combine: ADD, identity: 0, again: "sum", squares: false },
  sumSquares: { combine: ADD, identity: 0, again: "sum", squares: true },
  max: {
    combine: byComponent(MOST),
    identity: Number.NEGATIVE_INFINITY,
    again: "max",
    squares: false,
  },
  min: {
    combine: byComponent(LEAST),
    identity: Number.POSITIVE_INFINITY,
    again: "min",
    squares: false,
  },
};

function operationModule(combine: string, type: string, squares: boolean): string {
  return (
    `fn combine(total: ${type}, value: ${type}) -> ${type} { return ${combine}; }\n` +
    `fn prepare(value: ${type}) -> ${type} { return ${squares ? "value * value" : "value"}; }`
  );
}

const LANES = 64;

export const reduceKernel = defineKernel({
  name: "reduce",
  modules: {
    "reduce.wgsl": reduceSource,
    "special-functions.wgsl": specialFunctions,
    "operation.wgsl": operationModule("total + value", "vec4f", false),
  },
  constants: { LANES, Element: "vec4f" },
  bindings: { input: "read", output: "read_write" },
  params: {
    count: "u32",
    columns: "u32",
    rows_per_slab: "u32",
    slabs: "u32",
    limit: "u32",
    scale: "f32",
    identity: "f32",
  },
});

export const argmaxKernel = defineKernel({
  name: "argmax",
  modules: { "argmax.wgsl": argmaxSource, "special-functions.wgsl": specialFunctions },
  constants: { LANES },
  bindings: { input: "read", output: "read_write" },
  params: { count: "u32", rows: "u32", columns: "u32" },
});

/** Options of {@link reduce}. */
export interface ReduceOptions {
  /** Keep reduced axes, with size 1. Default false. */
  readonly keepDims?: boolean;
}

/**
 * Reduces over any axes: `sum`, `mean`, `max`, `min` or `sumSquares` (`Σ x²`). Terms are added in
 * an order that depends on the shape alone: the same input gives the same bits.
 *
 * @param axes negative counts from the end; null for all
 * @returns the shape without `axes`, or with 1 in their place
 * @throws {ShapeError} if an axis is outside the shape, or named twice
 */
export function reduce(
  gpu: Gpu,
  name: ReduceName,
  x: GpuArray,
  axes: readonly number[] | null = null,
  { keepDims = false }: ReduceOptions = {},
): GpuArray {
  requireFloat(name, x);
  const { shape, steps, terms } = reduceGeometry(name, x.shape, axes, keepDims);
  const { again } = table[name];
  // Without a step there is still what happens to each element: it may be squared.
  const [first, ...rest] = steps.length > 0 ? steps : [{ outer: 1, rows: 1, columns: x.size }];
  const scale = name === "mean" ? 1 / terms : 1;
  let current = reduceOnce(gpu, name, x, first as Reduction, rest.length > 0 ? 1 : scale);
  for (const [at, step] of rest.entries()) {
    using previous = current;
    current = reduceOnce(gpu, again, previous, step, at === rest.length - 1 ? scale : 1);
  }
  using flat = current;
  return flat.reshape(shape);
}

/** Reduces the middle of `[outer, rows, columns]`, in as many dispatches as it takes. */
function reduceOnce(
  gpu: Gpu,
  name: ReduceName,
  x: GpuArray,
  reduction: Reduction,
  scale: number,
): GpuArray {
  const { rest, ...plan } = planReduction(reduction);
  const last = rest.length === 0;
  const { outer } = reduction;
  const output = gpu.empty([outer * plan.slabs * plan.columns]);
  const vector = plan.columns % 4 === 0 && plan.limit % 4 === 0;
  const unit = vector ? 4 : 1;
  const type = vector ? "vec4f" : "f32";
  const { combine, identity, squares } = table[name];
  const columns = plan.columns / unit;
  const count = outer * plan.slabs * columns;
  reduceKernel.dispatch(
    gpu,
    { input: x, output },
    {
      count,
      columns,
      rows_per_slab: plan.rowsPerSlab,
      slabs: plan.slabs,
      limit: plan.limit / unit,
      scale: last ? scale : 1,
      identity,
    },
    {
      workgroups: grid(gpu, count),
      constants: { Element: type },
      modules: {
        "operation.wgsl": operationModule(vector ? combine.vector : combine.scalar, type, squares),
      },
    },
  );
  if (last) return output;
  using partial = output;
  return reduceChain(gpu, table[name].again, partial, rest, scale);
}

function reduceChain(
  gpu: Gpu,
  name: ReduceName,
  x: GpuArray,
  steps: readonly Reduction[],
  scale: number,
): GpuArray {
  let current = x.retain();
  for (const [at, step] of steps.entries()) {
    using previous = current;
    current = reduceOnce(gpu, name, previous, step, at === steps.length - 1 ? scale : 1);
  }
  return current;
}

/**
 * The adjoint of broadcasting: sums `x` over the axes along which `shape` was stretched to it.
 *
 * @param shape broadcasts to `x.shape`
 * @returns `shape`; where nothing was stretched, another handle of `x`'s own buffer
 * @throws {ShapeError} if `shape` does not broadcast to `x.shape`
 */
export function sumTo(gpu: Gpu, x: GpuArray, shape: Shape): GpuArray {
  if (sameShape(x.shape, shape)) return x.retain();
  const lead = x.shape.length - shape.length;
  const fits =
    lead >= 0 && shape.every((size, axis) => size === 1 || size === x.shape[axis + lead]);
  if (!fits) {
    throw new ShapeError(
      `sumTo: ${formatShape(shape)} does not broadcast to the input\n` +
        `  input  ${formatShape(x.shape)}\n  shape  ${formatShape(shape)}`,
    );
  }
  if (numel(shape) === x.size) return x.reshape(shape);
  const axes = [...x.shape.keys()].filter((axis) => axis < lead || shape[axis - lead] === 1);
  using sums = reduce(gpu, "sum", x, axes);
  return sums.reshape(shape);
}

/**
 * Sums over everything but the channels, as the gradient of a bias does.
 *
 * @param x `[…, C]`
 * @returns `[C]`
 */
export function sumChannels(gpu: Gpu, x: GpuArray): GpuArray {
  const channels = x.shape.at(-1);
  if (channels === undefined) {
    throw new ShapeError("sumChannels: the input is a scalar\nPass an array of shape […, C].");
  }
  using rows = x.reshape([x.size / channels, channels]);
  return reduce(gpu, "sum", rows, [0]);
}

/**
 * Index of the largest element along `axis`: the first of equals; a NaN counts as largest.
 *
 * @returns u32, the shape without `axis`
 * @throws {ShapeError} if `axis` is outside the shape
 */
export function argmax(gpu: Gpu, x: GpuArray, axis = -1): GpuArray {
  requireFloat("argmax", x);
  const at = normalizeAxis("argmax", axis, x.shape.length);
  const rows = x.shape[at] ?? 1;
  const columns = numel(x.shape.slice(at + 1));
  const output = gpu.empty(x.shape.toSpliced(at, 1), "u32");
  const count = x.size / rows;
  argmaxKernel.dispatch(
    gpu,
    { input: x, output },
    { count, rows, columns },
    { workgroups: grid(gpu, count) },
  );
  return output;
}

function grid(gpu: Gpu, count: number): [number, number] {
  return foldGrid(ceilDiv(count, LANES), gpu.maxWorkgroups);
}

function requireFloat(op: string, x: GpuArray): void {
  if (x.dtype === "f32") return;
  throw new DTypeError(`${op}: the input is ${x.dtype}, not f32\nUpload it as f32.`);
}
