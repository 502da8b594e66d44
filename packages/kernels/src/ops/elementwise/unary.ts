import { ShapeError, UsageError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, sameShape } from "../../shape.ts";
import specialFunctions from "../../wgsl/special-functions.wgsl";
import { FLAT, FLAT_CONSTANTS, flatGrid, requireFloats, vectorsOf } from "./flat.ts";
import { type UnaryName, type UnaryParams, type UnarySpec, unaryTable } from "./table.ts";
import unarySource from "./unary.wgsl";
import gradSource from "./unary-grad.wgsl";

const forwardModule = (expression: string) => `fn forward(x: f32) -> f32 { return ${expression}; }`;
const derivativeModule = (expression: string) =>
  `fn derivative(saved: f32) -> f32 { return ${expression}; }`;

export const unaryKernel = defineKernel({
  name: "unary",
  modules: {
    ...FLAT,
    "unary.wgsl": unarySource,
    "special-functions.wgsl": specialFunctions,
    "row.wgsl": forwardModule(unaryTable.relu.forward),
  },
  constants: FLAT_CONSTANTS,
  bindings: { input: "read", output: "read_write" },
  params: { vectors: "u32", alpha: "f32", beta: "f32" },
});

export const unaryGradKernel = defineKernel({
  name: "unaryGrad",
  modules: {
    ...FLAT,
    "unary-grad.wgsl": gradSource,
    "special-functions.wgsl": specialFunctions,
    "row.wgsl": derivativeModule(unaryTable.relu.derivative),
  },
  constants: FLAT_CONSTANTS,
  bindings: { grad_output: "read", saved: "read", grad_input: "read_write" },
  params: { vectors: "u32", alpha: "f32", beta: "f32" },
});

/** Modules of each row, made once: dispatches are looked up by their text. */
const forwardModules = new Map<string, { readonly "row.wgsl": string }>();
const derivativeModules = new Map<string, { readonly "row.wgsl": string }>();
for (const [name, spec] of Object.entries(unaryTable)) {
  forwardModules.set(name, { "row.wgsl": forwardModule(spec.forward) });
  derivativeModules.set(name, { "row.wgsl": derivativeModule(spec.derivative) });
}

/**
 * A pointwise function: `output[i] = f(x[i])`, `f` by its name in `unaryTable`.
 *
 * @param params `leakyRelu`: `gain·(x > 0 ? x : slope·x)`; `clamp`: `min, max`;
 *   `affine`: `scale·x + shift`
 * @returns the shape of `x`
 * @throws {UsageError} if a parameter is not one of the function's, or out of its range
 */
export function unary<N extends UnaryName>(
  gpu: Gpu,
  name: N,
  x: GpuArray,
  params: UnaryParams<N> = {},
): GpuArray {
  requireFloats(name, { x });
  const [alpha, beta] = resolveParams(name, params);
  const vectors = vectorsOf(x.size);
  const output = gpu.empty(x.shape);
  unaryKernel.dispatch(
    gpu,
    { input: x, output },
    { vectors, alpha, beta },
    { workgroups: flatGrid(gpu, vectors), modules: forwardModules.get(name) ?? {} },
  );
  return output;
}

/**
 * Gradient of a pointwise function: `gradInput[i] = gradOutput[i] · f′`, computed from what
 * {@link unarySaves} says the function keeps.
 *
 * @param saved the forward pass's input or output; null where nothing is needed
 * @throws {ShapeError} if `gradOutput` and `saved` differ in shape
 */
export function unaryGrad<N extends UnaryName>(
  gpu: Gpu,
  name: N,
  gradOutput: GpuArray,
  saved: GpuArray | null,
  params: UnaryParams<N> = {},
): GpuArray {
  const needed = saved ?? requireNothing(name, gradOutput);
  requireFloats(`${name} gradient`, { gradOutput, saved: needed });
  if (!sameShape(gradOutput.shape, needed.shape)) {
    throw new ShapeError(
      `${name} gradient: gradOutput and the saved ${unarySaves(name)} differ in shape\n` +
        `  gradOutput  ${formatShape(gradOutput.shape)}\n  saved       ${formatShape(needed.shape)}`,
    );
  }
  const [alpha, beta] = resolveParams(name, params);
  const vectors = vectorsOf(gradOutput.size);
  const gradInput = gpu.empty(gradOutput.shape);
  unaryGradKernel.dispatch(
    gpu,
    { grad_output: gradOutput, saved: needed, grad_input: gradInput },
    { vectors, alpha, beta },
    { workgroups: flatGrid(gpu, vectors), modules: derivativeModules.get(name) ?? {} },
  );
  return gradInput;
}

/** What {@link unaryGrad} needs of the forward pass. */
export function unarySaves(name: UnaryName): UnarySpec["saves"] {
  return unaryTable[name].saves;
}

function requireNothing(name: UnaryName, gradOutput: GpuArray): GpuArray {
  const saves = unarySaves(name);
  if (saves === "nothing") return gradOutput;
  throw new UsageError(`${name} gradient: saved is null\nPass the ${saves} of the forward pass.`);
}

/** Alpha and beta of a row: what was passed, else the defaults. */
export function resolveParams(
  name: UnaryName,
  params: Readonly<Record<string, number | undefined>>,
): [alpha: number, beta: number] {
  const defaults: Readonly<Record<string, number>> = unaryTable[name].parameters;
  for (const key of Object.keys(params)) {
    if (key in defaults) continue;
    const known = Object.keys(defaults).join(", ") || "none";
    throw new UsageError(`${name}: no parameter is named ${key}\nIt has: ${known}.`);
  }
  const values = Object.entries(defaults).map(([key, value]) => params[key] ?? value);
  const [alpha = 0, beta = 0] = values;
  if (name === "leakyRelu") checkLeak(name, alpha, beta);
  if (name === "clamp" && !(alpha <= beta)) {
    throw new UsageError(`clamp: min = ${alpha} exceeds max = ${beta}\nPass min ≤ max.`);
  }
  return [alpha, beta];
}

/** The derivative is told from the output's sign, which must be the input's. */
export function checkLeak(op: string, slope: number, gain: number): void {
  if (slope >= 0 && gain > 0) return;
  throw new UsageError(
    `${op}: slope = ${slope}, gain = ${gain} do not keep the input's sign\n` +
      "Pass slope ≥ 0 and gain > 0.",
  );
}
