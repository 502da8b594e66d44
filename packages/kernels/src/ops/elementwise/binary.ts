// A binary op has one module (its row of the table) and three kernels, chosen by the shapes:
//   one joined axis      binary.wgsl          same shapes, or a single number on one side
//   up to three          binary-rows.wgsl     channel vectors, gates, one number per row
//   up to six            binary-strided.wgsl  everything else

import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import { numel } from "../../shape.ts";
import specialFunctions from "../../wgsl/special-functions.wgsl";
import binarySource from "./binary.wgsl";
import rowsSource from "./binary-rows.wgsl";
import stridedSource from "./binary-strided.wgsl";
import { type BroadcastGeometry, broadcastGeometry } from "./broadcast.ts";
import {
  FLAT,
  FLAT_CONSTANTS,
  flatGrid,
  LANES,
  PER_INVOCATION,
  requireFloats,
  vectorsOf,
} from "./flat.ts";
import { type BinaryName, binaryTable } from "./table.ts";

const combineModule = (expression: string) =>
  `fn combine(a: f32, b: f32) -> f32 { return ${expression}; }`;
const VECTOR_ELEMENTS = `fn combine_elements(x: vec4f, y: vec4f) -> vec4f {
  return vec4f(combine(x.x, y.x), combine(x.y, y.y), combine(x.z, y.z), combine(x.w, y.w));
}`;
const SCALAR_ELEMENTS = "fn combine_elements(x: f32, y: f32) -> f32 { return combine(x, y); }";

export const binaryKernel = defineKernel({
  name: "binary",
  modules: {
    ...FLAT,
    "binary.wgsl": binarySource,
    "special-functions.wgsl": specialFunctions,
    "row.wgsl": combineModule(binaryTable.add.forward),
  },
  constants: { ...FLAT_CONSTANTS, A: "vec4f", B: "vec4f" },
  bindings: { a: "read", b: "read", output: "read_write" },
  params: { vectors: "u32", a_step: "u32", b_step: "u32", alpha: "f32", beta: "f32" },
});

export const binaryRowsKernel = defineKernel({
  name: "binaryRows",
  modules: {
    "binary-rows.wgsl": rowsSource,
    "special-functions.wgsl": specialFunctions,
    "row.wgsl": combineModule(binaryTable.add.forward),
    "elements.wgsl": VECTOR_ELEMENTS,
  },
  constants: { LANES, Element: "vec4f", A: "vec4f", B: "vec4f" },
  bindings: { a: "read", b: "read", output: "read_write" },
  params: {
    rows: "u32",
    columns: "u32",
    row_lanes: "u32",
    a_outer: "u32",
    a_row: "u32",
    a_column: "u32",
    b_outer: "u32",
    b_row: "u32",
    b_column: "u32",
    alpha: "f32",
    beta: "f32",
  },
});

export const binaryStridedKernel = defineKernel({
  name: "binaryStrided",
  modules: {
    "binary-strided.wgsl": stridedSource,
    "special-functions.wgsl": specialFunctions,
    "row.wgsl": combineModule(binaryTable.add.forward),
  },
  constants: { LANES, ELEMENTS: PER_INVOCATION },
  bindings: { a: "read", b: "read", output: "read_write" },
  params: {
    elements: "u32",
    size1: "u32",
    size2: "u32",
    size3: "u32",
    size4: "u32",
    size5: "u32",
    a0: "u32",
    a1: "u32",
    a2: "u32",
    a3: "u32",
    a4: "u32",
    a5: "u32",
    b0: "u32",
    b1: "u32",
    b2: "u32",
    b3: "u32",
    b4: "u32",
    b5: "u32",
    alpha: "f32",
    beta: "f32",
  },
});

/** The two numbers a row may use; 0 where it uses none. */
export interface BinaryScalars {
  readonly alpha?: number;
  readonly beta?: number;
}

const rowModules = new Map<string, { readonly "row.wgsl": string }>();
for (const [name, { forward }] of Object.entries(binaryTable)) {
  rowModules.set(name, { "row.wgsl": combineModule(forward) });
}

/** Rows of the grid, and so the outer axis of `binary-rows.wgsl`, end here. */
const MAX_OUTER = 65_535;
/** Rows that one invocation of `binary-rows.wgsl` is given, where there are enough of them. */
const ROWS_PER_INVOCATION = 8;

/**
 * A pointwise function of two arrays under NumPy's broadcasting: `output[i] = f(a[i], b[i])`, `f`
 * by its name in `binaryTable`.
 *
 * @param a, b shapes aligned at the right; sizes equal or 1
 * @returns the broadcast shape
 * @throws {ShapeError} if the shapes do not broadcast, or join to more than six axes
 */
export function binary(
  gpu: Gpu,
  name: BinaryName,
  a: GpuArray,
  b: GpuArray,
  scalars: BinaryScalars = {},
): GpuArray {
  requireFloats(name, { a, b });
  const geometry = broadcastGeometry(name, a.shape, b.shape);
  const output = gpu.empty(geometry.shape);
  const { alpha = 0, beta = 0 } = scalars;
  const operands = { gpu, name, arrays: { a, b, output }, alpha, beta };
  if (geometry.sizes.length === 1) flat(operands, geometry);
  else if (!rows(operands, geometry)) strided(operands, geometry);
  return output;
}

interface Operands {
  readonly gpu: Gpu;
  readonly name: BinaryName;
  readonly arrays: { readonly a: GpuArray; readonly b: GpuArray; readonly output: GpuArray };
  readonly alpha: number;
  readonly beta: number;
}

function flat({ gpu, name, arrays, alpha, beta }: Operands, geometry: BroadcastGeometry): void {
  const elements = numel(geometry.sizes);
  const vectors = vectorsOf(elements);
  const splatA = elements > 1 && geometry.a[0] === 0;
  const splatB = elements > 1 && geometry.b[0] === 0;
  binaryKernel.dispatch(
    gpu,
    arrays,
    { vectors, a_step: splatA ? 0 : 1, b_step: splatB ? 0 : 1, alpha, beta },
    {
      workgroups: flatGrid(gpu, vectors),
      constants: { A: splatA ? "f32" : "vec4f", B: splatB ? "f32" : "vec4f" },
      modules: rowModules.get(name) ?? {},
    },
  );
}

/** Whether the shapes suit `binary-rows.wgsl`; encodes it if they do. */
function rows({ gpu, name, arrays, alpha, beta }: Operands, geometry: BroadcastGeometry): boolean {
  if (geometry.sizes.length > 3) return false;
  const lead = new Array<number>(3 - geometry.sizes.length);
  const [outer = 1, rowCount = 1, inner = 1] = [...lead.fill(1), ...geometry.sizes];
  const stepsA = [...lead.fill(0), ...geometry.a];
  const stepsB = [...lead.fill(0), ...geometry.b];
  const vector = inner % 4 === 0;
  const columns = vector ? inner / 4 : inner;
  const mostLanes = Math.floor((MAX_OUTER * LANES) / columns);
  const rowLanes = Math.min(ceilDiv(rowCount, ROWS_PER_INVOCATION), mostLanes);
  if (outer > MAX_OUTER || rowLanes === 0) return false;
  const forA = elementSteps(stepsA, vector);
  const forB = elementSteps(stepsB, vector);
  binaryRowsKernel.dispatch(
    gpu,
    arrays,
    {
      rows: rowCount,
      columns,
      row_lanes: rowLanes,
      a_outer: forA.outer,
      a_row: forA.row,
      a_column: forA.column,
      b_outer: forB.outer,
      b_row: forB.row,
      b_column: forB.column,
      alpha,
      beta,
    },
    {
      workgroups: [ceilDiv(columns * rowLanes, LANES), outer],
      constants: { Element: vector ? "vec4f" : "f32", A: forA.type, B: forB.type },
      modules: {
        ...rowModules.get(name),
        "elements.wgsl": vector ? VECTOR_ELEMENTS : SCALAR_ELEMENTS,
      },
    },
  );
  return true;
}

/** Steps in units of the type an operand is bound as: vectors unless it is constant along them. */
function elementSteps([outer = 0, row = 0, column = 0]: readonly number[], vector: boolean) {
  const wide = vector && column === 1;
  const unit = wide ? 4 : 1;
  const type = wide ? "vec4f" : "f32";
  return { type, outer: outer / unit, row: row / unit, column };
}

function strided({ gpu, name, arrays, alpha, beta }: Operands, geometry: BroadcastGeometry): void {
  const missing = 6 - geometry.sizes.length;
  const lead = new Array<number>(missing);
  const [, size1 = 1, size2 = 1, size3 = 1, size4 = 1, size5 = 1] = [
    ...lead.fill(1),
    ...geometry.sizes,
  ];
  const [a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0] = [...lead.fill(0), ...geometry.a];
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0] = [...lead.fill(0), ...geometry.b];
  const elements = numel(geometry.sizes);
  const sizes = { size1, size2, size3, size4, size5 };
  const steps = { a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5 };
  binaryStridedKernel.dispatch(
    gpu,
    arrays,
    { elements, ...sizes, ...steps, alpha, beta },
    { workgroups: flatGrid(gpu, elements), modules: rowModules.get(name) ?? {} },
  );
}
