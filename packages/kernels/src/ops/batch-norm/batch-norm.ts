import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { formatShape, numel, type Shape, sameShape } from "../../shape.ts";
import { checkChannelVectors } from "../channel-norm/affine.ts";
import {
  type Affine,
  type AfterNorm,
  type Moments,
  moments,
  type NormView,
  normalize,
  normGradients,
} from "../channel-norm/channel-norm.ts";
import { linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import runningSource from "./running.wgsl";

export const runningMomentsKernel = defineKernel({
  name: "batch-norm-running",
  modules: { "running.wgsl": runningSource },
  constants: { WORKGROUP },
  bindings: {
    mean: "read",
    variance: "read",
    running_mean: "read_write",
    running_var: "read_write",
  },
  params: { c: "u32", momentum: "f32", correction: "f32" },
});

/** The resolved sizes of a batch normalisation. */
export interface BatchNormGeometry extends NormView {
  readonly shape: Shape;
}

/** Shapes of a batch normalisation's operands. */
export interface BatchNormShapes {
  readonly input: Shape;
  readonly weight: Shape | null;
  readonly bias: Shape | null;
  readonly runningMean: Shape | null;
  readonly runningVar: Shape | null;
}

/**
 * Sizes of a batch normalisation over all axes but the last.
 *
 * @throws {ShapeError} if a vector has not one value per channel, or a single value per channel is
 *   to be normalised by its own statistics
 */
export function batchNormGeometry(
  { input, ...vectors }: BatchNormShapes,
  { training, eps = 1e-5 }: { readonly training: boolean; readonly eps?: number },
): BatchNormGeometry {
  const channels = input.at(-1);
  if (input.length < 2 || channels === undefined) {
    throw new ShapeError(
      `batchNorm: input has ${input.length} axes, expected at least 2\n` +
        `  input  ${formatShape(input)}\nPass [N, …, C].`,
    );
  }
  checkChannelVectors("batchNorm", input, channels, vectors);
  const rows = numel(input) / channels;
  if (training && rows === 1) {
    throw new ShapeError(
      "batchNorm: one value per channel has no variance\n" +
        `  input  ${formatShape(input)}\nTrain with a larger batch, or normalise in eval mode.`,
    );
  }
  return { shape: input, batch: 1, rows, channels, groups: channels, eps };
}

/**
 * `y = (x − μ) / √(σ² + eps) · weight + bias` with mean and biased variance of each channel over
 * all other axes of this batch.
 *
 * @param input `[N, …, C]`
 * @param after a residual and an activation in the same pass, ReLU among those that
 *   {@link batchNormGradients} can go back through
 * @returns `output` of the input's shape; `moments`: μ and σ², each `[1, C]`, for
 *   {@link batchNormGradients} and {@link updateRunningMoments}
 * @throws {ShapeError} if the residual has not the input's shape
 * @see Ioffe and Szegedy, "Batch Normalization", algorithm 1; torch.nn.functional.batch_norm, which
 *   it matches
 */
export function batchNormTrain(
  gpu: Gpu,
  input: GpuArray,
  affine: Affine,
  geometry: BatchNormGeometry,
  after: AfterNorm = {},
): { output: GpuArray; moments: Moments } {
  checkResidual(after, geometry);
  const own = moments(gpu, input, geometry);
  try {
    return { output: normalize(gpu, input, own, affine, geometry, after), moments: own };
  } catch (error) {
    own.mean.dispose();
    own.variance.dispose();
    throw error;
  }
}

/**
 * Batch normalisation with given moments instead of the batch's.
 *
 * @param input   `[N, …, C]`
 * @param running mean and variance, `C` elements each
 * @throws {ShapeError} if the residual has not the input's shape
 */
export function batchNormEval(
  gpu: Gpu,
  input: GpuArray,
  running: Moments,
  affine: Affine,
  geometry: BatchNormGeometry,
  after: AfterNorm = {},
): GpuArray {
  checkResidual(after, geometry);
  return normalize(gpu, input, running, affine, geometry, after);
}

function checkResidual({ residual }: AfterNorm, { shape }: BatchNormGeometry): void {
  if (residual == null || sameShape(residual.shape, shape)) return;
  throw new ShapeError(
    "batchNorm: the residual has not the input's shape\n" +
      `  input     ${formatShape(shape)}\n  residual  ${formatShape(residual.shape)}\n` +
      "Bring it to that shape first, with a convolution of its own.",
  );
}

/**
 * `running ← (1 − momentum) · running + momentum · batch`, in place. The running variance takes the
 * unbiased variance, `σ² · n / (n − 1)`.
 *
 * @param batch   the moments of {@link batchNormTrain}
 * @param running mean and variance, `[C]` each
 */
export function updateRunningMoments(
  gpu: Gpu,
  running: Moments,
  batch: Moments,
  momentum: number,
  { rows, channels }: BatchNormGeometry,
): void {
  const { mean, variance } = batch;
  const operands = { mean, variance, running_mean: running.mean, running_var: running.variance };
  const params = { c: channels, momentum, correction: rows / (rows - 1) };
  runningMomentsKernel.dispatch(gpu, operands, params, { workgroups: linearGrid(gpu, channels) });
}

/** Which gradients are wanted. */
export interface NormNeeds {
  readonly input: boolean;
  readonly weight: boolean;
  readonly bias: boolean;
}

/** Gradients of a normalisation; null where not wanted. */
export interface AffineGradients {
  readonly gradInput: GpuArray | null;
  /** `[C]` */
  readonly gradWeight: GpuArray | null;
  /** `[C]` */
  readonly gradBias: GpuArray | null;
}

/** How {@link batchNormGradients} goes back. */
export interface BatchNormGradientOptions {
  readonly training: boolean;
  readonly needs: NormNeeds;
  /** The output behind a ReLU: `gradOutput` counts where it is above zero. Default: no ReLU. */
  readonly activated?: GpuArray | null;
}

/**
 * Gradients of {@link batchNormTrain} (`training`, with the moments it returned) or of
 * {@link batchNormEval} (with the running ones). Only what is needed is computed.
 */
export function batchNormGradients(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  used: Moments,
  weight: GpuArray | null,
  geometry: BatchNormGeometry,
  { training, needs, activated = null }: BatchNormGradientOptions,
): AffineGradients {
  const { gradInput, sumGrad, sumProduct } = normGradients(gpu, gradOutput, input, used, geometry, {
    weight,
    needsInput: needs.input,
    needsSums: needs.weight || needs.bias,
    centered: training,
    activated,
  });
  const take = (sum: GpuArray | null, isWanted: boolean) => {
    const vector = isWanted ? (sum?.reshape([geometry.channels]) ?? null) : null;
    sum?.dispose();
    return vector;
  };
  return {
    gradInput,
    gradWeight: take(sumProduct, needs.weight),
    gradBias: take(sumGrad, needs.bias),
  };
}
