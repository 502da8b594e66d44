import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/** PyTorch's options of a batch normalisation. */
export interface BatchNormOptions {
  /** Normalise by the batch's own moments, and update the running ones. Default false. */
  readonly training?: boolean;
  /** Weight of the batch in the running moments. Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** `relu`: in the same pass, forth and back, and without memory of its own. Default: nothing. */
  readonly activation?: "relu" | null;
  /** Added before the activation, in the same pass; of the input's shape. */
  readonly residual?: Tensor | null;
}

/** Moments of earlier batches, `[C]` each. Training writes into them; they receive no gradient. */
export interface RunningMoments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * `y = (x − μ) / √(σ² + eps) · weight + bias` for each channel. While training, μ and σ² are mean and
 * biased variance over all other axes of the batch, and
 * `running ← (1 − momentum) · running + momentum · batch`, with the unbiased variance; else they are
 * the running ones, and constants. Then `residual` is added, and a ReLU follows, where they are given.
 *
 * @param input   `[N, …, C]`
 * @param running null while training: nothing is tracked
 * @param weight  `[C]`, or null with `bias` for 1 and 0
 * @param bias    `[C]`, or null
 * @returns of the input's shape
 * @throws {ShapeError} if a vector has not one value per channel, or a channel one value in training
 * @throws {UsageError} without running moments outside training
 * @see Ioffe and Szegedy, "Batch Normalization"; torch.nn.functional.batch_norm, which it matches
 */
export function batchNorm(
  input: Tensor,
  running: RunningMoments | null,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: BatchNormOptions = {},
): Tensor {
  const {
    training = false,
    momentum = 0.1,
    eps = 1e-5,
    activation = null,
    residual = null,
  } = options;
  const shapes = {
    input: input.shape,
    weight: weight?.shape ?? null,
    bias: bias?.shape ?? null,
    runningMean: running?.mean.shape ?? null,
    runningVar: running?.variance.shape ?? null,
  };
  const geometry = kernels.batchNormGeometry(shapes, { training, eps });
  const operands = { input, weight, bias, residual, activation };
  if (training) return batchNormTraining(operands, running, momentum, geometry);
  if (running === null) {
    throw new kernels.UsageError(
      "batchNorm: there are no running moments to normalise by\n" +
        `  input  ${kernels.formatShape(input.shape)}\nPass them, or { training: true }.`,
    );
  }
  const moments = { mean: running.mean.data, variance: running.variance.data };
  const affine = { weight: weight?.data ?? null, bias: bias?.data ?? null };
  const output = kernels.batchNormEval(
    input.gpu,
    input.data,
    moments,
    affine,
    geometry,
    afterOf(operands),
  );
  return recordNorm(operands, output, moments, geometry, false);
}

interface Operands {
  readonly input: Tensor;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly residual: Tensor | null;
  readonly activation: "relu" | null;
}

function afterOf({ residual, activation }: Operands): kernels.AfterNorm {
  return { residual: residual?.data ?? null, activation };
}

function batchNormTraining(
  operands: Operands,
  running: RunningMoments | null,
  momentum: number,
  geometry: kernels.BatchNormGeometry,
): Tensor {
  const { input, weight, bias } = operands;
  const { gpu } = input;
  const affine = { weight: weight?.data ?? null, bias: bias?.data ?? null };
  const after = afterOf(operands);
  const { output, moments } = kernels.batchNormTrain(gpu, input.data, affine, geometry, after);
  try {
    if (running !== null) {
      const tracked = { mean: running.mean.data, variance: running.variance.data };
      kernels.updateRunningMoments(gpu, tracked, moments, momentum, geometry);
    }
    return recordNorm(operands, output, moments, geometry, true);
  } finally {
    moments.mean.dispose();
    moments.variance.dispose();
  }
}

function recordNorm(
  { input, weight, bias, residual, activation }: Operands,
  output: kernels.GpuArray,
  { mean, variance }: kernels.Moments,
  geometry: kernels.BatchNormGeometry,
  training: boolean,
): Tensor {
  const behind = activation === null ? null : output;
  return record({
    op: "batchNorm",
    output,
    inputs: [input, weight, bias, residual],
    saved: [input.data, weight?.data ?? null, mean, variance, behind],
    backward: (gradOutput, needed, [x, w, savedMean, savedVariance, y]) => {
      const { gpu } = gradOutput;
      const [needsInput = false, needsWeight = false, needsBias = false, needsResidual] = needed;
      const used = { mean: savedMean, variance: savedVariance };
      const needs = { input: needsInput, weight: needsWeight, bias: needsBias };
      // The residual's gradient is the one before the activation, so it is made; else the passes
      // below mask as they read.
      const isMade = needsResidual === true && y !== null;
      using grad = isMade ? kernels.unaryGrad(gpu, "relu", gradOutput, y) : gradOutput.retain();
      const options = { training, needs, activated: isMade ? null : y };
      const { gradInput, gradWeight, gradBias } = kernels.batchNormGradients(
        gpu,
        grad,
        x,
        used,
        w,
        geometry,
        options,
      );
      return [gradInput, gradWeight, gradBias, needsResidual ? grad.retain() : null];
    },
  });
}
