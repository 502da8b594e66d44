import { DTypeError, ShapeError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { formatShape, type Shape, sameShape } from "../../shape.ts";
import logistic from "../../wgsl/logistic.wgsl";
import { requireFloats } from "../elementwise/flat.ts";
import epilogueSource from "./epilogue.wgsl";

/**
 * What follows the sum, in the same pass: `output = activate(scale · sum + bias + residual)`, with
 * `activate(v) = gain · leakyRelu(v, slope)` or `v · sigmoid(v)`. The defaults leave the sum as it is.
 */
export interface Epilogue {
  readonly bias?: GpuArray | null;
  /** Factor of the sum, e.g. the equalised learning rate's. */
  readonly scale?: number;
  /** Added before the activation; of the output's shape. */
  readonly residual?: GpuArray | null;
  /** Slope of the negative half: 1 is linear, 0 is ReLU. */
  readonly slope?: number;
  /** Factor after the activation. */
  readonly gain?: number;
  /** SiLU instead of the leaky ReLU. */
  readonly silu?: boolean;
}

/** WGSL of the epilogue, for the modules of a kernel. */
export const EPILOGUE = { "epilogue.wgsl": epilogueSource, "logistic.wgsl": logistic } as const;

/** Its constants' defaults. */
export const EPILOGUE_CONSTANTS = { SILU: false, RESIDUAL: false } as const;

/** Its constants. */
export function epilogueConstants({ silu = false, residual }: Epilogue) {
  return { SILU: silu, RESIDUAL: residual != null };
}

/** Its parameters, as every `Params` ends. */
export function epilogueParams({ bias, scale = 1, slope = 1, gain = 1 }: Epilogue) {
  return { has_bias: bias == null ? 0 : 1, scale, slope, gain };
}

/** Its arrays; what is absent is represented by any other array. */
export function epilogueArrays({ bias, residual }: Epilogue, stand: GpuArray) {
  return { bias: bias ?? stand, residual: residual ?? stand };
}

/**
 * @param input its element type is the output's
 * @throws {DTypeError} if the bias is not f32, or the residual not of the input's type
 */
export function checkEpilogueTypes({ bias, residual }: Epilogue, input: GpuArray): void {
  if (bias != null) requireFloats("conv2d", { bias });
  if (residual == null || residual.dtype === input.dtype) return;
  throw new DTypeError(
    `conv2d: the residual is ${residual.dtype}, the input ${input.dtype}\n` +
      "Cast one of them with castTo.",
  );
}

/** @throws {ShapeError} if the bias is not `[O]`, or the residual not of the output's shape */
export function checkEpilogue({ bias, residual }: Epilogue, output: Shape): void {
  const channels = output.at(-1) ?? 0;
  if (bias != null && !sameShape(bias.shape, [channels])) {
    throw new ShapeError(
      `conv2d: bias ${formatShape(bias.shape)} must be [${channels}], one per output channel`,
    );
  }
  if (residual != null && !sameShape(residual.shape, output)) {
    throw new ShapeError(
      "conv2d: the residual is not of the output's shape\n" +
        `  residual  ${formatShape(residual.shape)}\n  output    ${formatShape(output)}\n` +
        "Bring it to that shape first, with a convolution of its own.",
    );
  }
}
