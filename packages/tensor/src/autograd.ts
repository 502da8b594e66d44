// How an operation becomes differentiable: it computes its output, then records how to go back.

import { DTypeError, formatShape, type GpuArray } from "@fauxgrad/kernels";
import { currentContext, runWith } from "./context.ts";
import { type Backward, GraphNode, type Saved, type Source } from "./graph.ts";
import { Tensor } from "./tensor.ts";

/** An operation that was applied, for {@link record}. */
export interface Recording<S extends Saved> {
  /** Name of the operation, for errors. */
  readonly op: string;
  /** What it computed; the tensor takes it over. */
  readonly output: GpuArray;
  /** Operands, in the order of the gradients; null for an absent one (no bias). */
  readonly inputs: readonly (Tensor | null)[];
  /**
   * Arrays that the backward reads: operands (`input.data`), the output, or arrays of the
   * operation's own. The engine takes further handles (`retain()`), so what the operation made for
   * the backward alone it disposes itself after `record`. Name null instead of an array whose
   * gradient nobody wants (`weight.requiresGrad ? input.data : null`), and its memory is free
   * earlier.
   */
  readonly saved?: S;
  /** Gradients of the inputs; see {@link Backward} for who owns what. */
  readonly backward: Backward<S>;
}

/**
 * The tensor of an operation's output, with its history if an input requires a gradient.
 *
 * ```ts
 * export function multiply(a: Tensor, b: Tensor): Tensor {
 *   return record({
 *     op: "multiply",
 *     output: kernels.multiply(a.gpu, a.data, b.data),
 *     inputs: [a, b],
 *     saved: [b.requiresGrad ? a.data : null, a.requiresGrad ? b.data : null],
 *     backward: (gradOutput, [needsA, needsB], [x, y]) => [
 *       needsA && y ? kernels.multiply(y.gpu, gradOutput, y) : null,
 *       needsB && x ? kernels.multiply(x.gpu, gradOutput, x) : null,
 *     ],
 *   });
 * }
 * ```
 *
 * The backward must read what it needs from its third argument: an operand's own handle may have
 * been disposed by then. It works on arrays, not tensors, so there is no double backward. Inside
 * {@link noGrad}, or if no input requires a gradient, nothing is saved.
 *
 * @throws {DTypeError} if an operation with f16 would have to be recorded
 */
export function record<const S extends Saved = readonly []>(recording: Recording<S>): Tensor {
  const { op, output, inputs, saved = [], backward } = recording;
  const wanted = inputs.some((input) => input?.requiresGrad === true);
  if (!wanted || !currentContext().recording) return new Tensor(output);
  requireF32(op, inputs, output);
  const sources = inputs.map(
    (input): Source => (input?.requiresGrad ? (input.node ?? input) : null),
  );
  // The node lends `backward` exactly the arrays that stand in `saved`, in its order.
  const node = new GraphNode(op, output.shape, sources, saved, backward as Backward<Saved>);
  return new Tensor(output, { node });
}

function requireF32(op: string, inputs: readonly (Tensor | null)[], output: GpuArray): void {
  if (output.dtype !== "f16" && !inputs.some((input) => input?.dtype === "f16")) return;
  const operands = [...inputs, output].map((operand) =>
    operand === null ? "none" : `${formatShape(operand.shape)} ${operand.dtype}`,
  );
  output.dispose();
  throw new DTypeError(
    `${op}: f16 has no gradients\n` +
      `  inputs  ${operands.slice(0, -1).join(", ")}\n  output  ${operands.at(-1)}\n` +
      "Compute with f16 inside noGrad, or freeze the inputs.",
  );
}

/**
 * Runs `work` without recording: what it computes has no history and saves nothing for a backward.
 * `work` may be asynchronous.
 */
export function noGrad<T>(work: () => T): T {
  return runWith({ recording: false }, work);
}

/** Runs `work` with recording, also inside {@link noGrad}. */
export function enableGrad<T>(work: () => T): T {
  return runWith({ recording: true }, work);
}

/** Whether operations are being recorded here. */
export function isRecording(): boolean {
  return currentContext().recording;
}
