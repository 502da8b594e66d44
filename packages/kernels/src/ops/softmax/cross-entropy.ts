import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, sameShape } from "../../shape.ts";
import { binary } from "../elementwise/binary.ts";
import { requireFloats } from "../elementwise/flat.ts";
import { reduce } from "../reduce/reduce.ts";
import crossEntropySource from "./cross-entropy.wgsl";
import gradSource from "./cross-entropy-grad.wgsl";
import { type RowGeometry, rowLanes } from "./rows.ts";
import rowsSource from "./rows.wgsl";

/** What becomes of the losses of a batch. */
export type Reduction = "mean" | "sum" | "none";

/** Options of a loss. */
export interface LossOptions {
  /** Default `"mean"`. */
  readonly reduction?: Reduction;
}

const LABELS = `fn wanted(row: u32, column: u32) -> f32 {
  return select(0.0, 1.0, classes[row] == column);
}
fn is_class(row: u32) -> bool { return classes[row] < params.columns; }`;
const PROBABILITIES = `fn wanted(row: u32, column: u32) -> f32 {
  return classes[row * params.columns + column];
}
fn is_class(row: u32) -> bool { return true; }`;

export const crossEntropyKernel = defineKernel({
  name: "crossEntropy",
  modules: {
    "cross-entropy.wgsl": crossEntropySource,
    "rows.wgsl": rowsSource,
    "classes.wgsl": LABELS,
  },
  constants: { LANES: 32, ROWS: 2, Class: "u32" },
  bindings: { logits: "read", classes: "read", loss: "read_write" },
  params: { rows: "u32", columns: "u32", lowest: "f32", invalid: "f32" },
});

export const crossEntropyGradKernel = defineKernel({
  name: "crossEntropyGrad",
  modules: {
    "cross-entropy-grad.wgsl": gradSource,
    "rows.wgsl": rowsSource,
    "classes.wgsl": LABELS,
  },
  constants: { LANES: 32, ROWS: 2, Class: "u32" },
  bindings: { grad_output: "read", logits: "read", classes: "read", grad_logits: "read_write" },
  params: {
    rows: "u32",
    columns: "u32",
    lowest: "f32",
    invalid: "f32",
    scale: "f32",
    grad_step: "u32",
  },
});

/** Infinities and NaN, which WGSL cannot write. */
const LIMITS = { lowest: Number.NEGATIVE_INFINITY, invalid: Number.NaN };

/**
 * Cross-entropy of a softmax: `loss[n] = −Σ_c t[n, c] · ln softmax(logits[n])[c]`.
 *
 * @param logits `[N, C]`
 * @param target labels `[N]` (u32; one that is not below `C` makes the loss NaN), or class
 *   probabilities `[N, C]` (f32)
 * @returns `[]`, or `[N]` without reduction
 * @throws {ShapeError} if the shapes or the target's type do not fit
 * @see torch.nn.functional.cross_entropy
 */
export function crossEntropy(
  gpu: Gpu,
  logits: GpuArray,
  target: GpuArray,
  { reduction = "mean" }: LossOptions = {},
): GpuArray {
  const geometry = crossEntropyGeometry(logits, target);
  const losses = gpu.empty([geometry.rows]);
  const { constants, workgroups, modules } = variantFor(gpu, geometry, target);
  crossEntropyKernel.dispatch(
    gpu,
    { logits, classes: target, loss: losses },
    { ...geometry, ...LIMITS },
    { workgroups, constants, modules },
  );
  return reduceLosses(gpu, losses, reduction);
}

/**
 * Gradient of {@link crossEntropy} by its logits: `softmax · Σt − t`, times `gradOutput`. There is
 * none by the target.
 *
 * @param gradOutput `[]`, or `[N]` without reduction
 */
export function crossEntropyGradLogits(
  gpu: Gpu,
  gradOutput: GpuArray,
  logits: GpuArray,
  target: GpuArray,
  { reduction = "mean" }: LossOptions = {},
): GpuArray {
  const geometry = crossEntropyGeometry(logits, target);
  const gradLogits = gpu.empty(logits.shape);
  const { constants, workgroups, modules } = variantFor(gpu, geometry, target);
  crossEntropyGradKernel.dispatch(
    gpu,
    { grad_output: gradOutput, logits, classes: target, grad_logits: gradLogits },
    {
      ...geometry,
      ...LIMITS,
      scale: reduction === "mean" ? 1 / geometry.rows : 1,
      grad_step: reduction === "none" ? 1 : 0,
    },
    { workgroups, constants, modules },
  );
  return gradLogits;
}

function variantFor(gpu: Gpu, geometry: RowGeometry, target: GpuArray) {
  const { constants, workgroups } = rowLanes(gpu, geometry);
  const labels = target.dtype === "u32";
  return {
    workgroups,
    constants: { ...constants, Class: labels ? "u32" : "f32" },
    modules: { "classes.wgsl": labels ? LABELS : PROBABILITIES },
  };
}

function crossEntropyGeometry(logits: GpuArray, target: GpuArray): RowGeometry {
  requireFloats("crossEntropy", { logits });
  const [rows, columns] = logits.shape;
  const wanted = target.dtype === "u32" ? [rows] : logits.shape;
  const fits = logits.shape.length === 2 && target.shape.join() === wanted.join();
  if (!fits || target.dtype === "i32" || rows === undefined || columns === undefined) {
    throw new ShapeError(
      "crossEntropy: logits and target do not fit\n" +
        `  logits  ${formatShape(logits.shape)}\n` +
        `  target  ${formatShape(target.shape)} ${target.dtype}\n` +
        "Pass logits [N, C] with labels [N] as u32, or with class probabilities [N, C] as f32.",
    );
  }
  return { rows, columns };
}

/**
 * Binary cross-entropy of a sigmoid: `loss = max(z, 0) − z·y + ln(1 + e^−|z|)`.
 *
 * @param logits `z`, of any shape
 * @param target `y` in [0, 1], of the same shape
 * @returns `[]`, or the logits' shape without reduction
 * @throws {ShapeError} if the shapes differ
 * @see torch.nn.functional.binary_cross_entropy_with_logits
 */
export function bceWithLogits(
  gpu: Gpu,
  logits: GpuArray,
  target: GpuArray,
  { reduction = "mean" }: LossOptions = {},
): GpuArray {
  requireSameShape(logits, target);
  return reduceLosses(gpu, binary(gpu, "bceWithLogits", logits, target), reduction);
}

/**
 * Gradient of {@link bceWithLogits} by its logits: `sigmoid(z) − y`, times `gradOutput`. There is
 * none by the target.
 *
 * @param gradOutput `[]`, or the logits' shape without reduction
 */
export function bceWithLogitsGradLogits(
  gpu: Gpu,
  gradOutput: GpuArray,
  logits: GpuArray,
  target: GpuArray,
  { reduction = "mean" }: LossOptions = {},
): GpuArray {
  requireSameShape(logits, target);
  const alpha = reduction === "mean" ? 1 / logits.size : 1;
  using slope = binary(gpu, "bceWithLogitsGrad", logits, target, { alpha });
  return binary(gpu, "mul", slope, gradOutput);
}

function requireSameShape(logits: GpuArray, target: GpuArray): void {
  if (sameShape(logits.shape, target.shape)) return;
  throw new ShapeError(
    "bceWithLogits: logits and target differ in shape\n" +
      `  logits  ${formatShape(logits.shape)}\n  target  ${formatShape(target.shape)}\n` +
      "Reshape one of them.",
  );
}

/** Consumes the losses of a batch. */
function reduceLosses(gpu: Gpu, losses: GpuArray, reduction: Reduction): GpuArray {
  if (reduction === "none") return losses;
  using all = losses;
  return reduce(gpu, reduction, all);
}
