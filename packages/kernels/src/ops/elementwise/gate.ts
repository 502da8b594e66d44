import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { formatShape, numel, type Shape, sameShape } from "../../shape.ts";
import { sumProductRows } from "../lanes/sum-rows.ts";
import { binary } from "./binary.ts";

/** @throws {ShapeError} unless the logits are `[N, 1, …, 1, C]` for an input `[N, …, C]` */
function checkGate(input: Shape, logits: Shape): void {
  const last = input.length - 1;
  const expected = input.map((size, axis) => (axis === 0 || axis === last ? size : 1));
  if (input.length >= 2 && sameShape(logits, expected)) return;
  throw new ShapeError(
    "gate: there must be one logit for each sample and channel\n" +
      `  input   ${formatShape(input)}\n  logits  ${formatShape(logits)}\n` +
      "Pass [N, …, C] and [N, 1, …, 1, C].",
  );
}

/**
 * `output[n, …, c] = input[n, …, c] · sigmoid(logits[n, c])`: the gate of squeeze and excitation.
 *
 * @param input  `[N, …, C]`
 * @param logits `[N, 1, …, 1, C]`
 * @throws {ShapeError} if the logits have another shape
 * @see Hu et al., "Squeeze-and-Excitation Networks", 2018
 */
export function gate(gpu: Gpu, input: GpuArray, logits: GpuArray): GpuArray {
  checkGate(input.shape, logits.shape);
  return binary(gpu, "gate", input, logits);
}

/** Gradient of {@link gate} by its input: the same gate on the gradient. */
export function gateGradInput(gpu: Gpu, gradOutput: GpuArray, logits: GpuArray): GpuArray {
  return gate(gpu, gradOutput, logits);
}

/**
 * Gradient of {@link gate} by the logits: `σ(l) · σ(−l) · Σ gradOutput · input` over each sample's
 * channel.
 *
 * @returns of the logits' shape
 */
export function gateGradLogits(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  logits: GpuArray,
): GpuArray {
  checkGate(input.shape, logits.shape);
  const [batch = 1] = input.shape;
  const channels = input.shape.at(-1) ?? 1;
  const rows = numel(input.shape) / batch / channels;
  const sizes = [batch, rows, channels] as const;
  using products = sumProductRows(gpu, gradOutput, input, sizes, logits.shape);
  return binary(gpu, "gateSlope", products, logits);
}
