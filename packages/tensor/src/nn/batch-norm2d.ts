import { type BatchNormOptions, batchNorm } from "../ops/batch-norm.ts";
import type { Tensor } from "../tensor.ts";
import { constant, type Initializer } from "./init.ts";
import { Module } from "./module.ts";
import { Buffer, Counter, Parameter } from "./parameter.ts";

/** Options of a {@link BatchNorm2d}; PyTorch's names and defaults. */
export interface BatchNorm2dOptions {
  readonly eps?: number;
  /** Weight of the newest batch in the running moments. */
  readonly momentum?: number;
  /** Whether there are a learned weight and bias. */
  readonly affine?: boolean;
  /** First weights. Default 1. */
  readonly init?: Initializer;
}

/**
 * Normalises each channel of `[N, H, W, C]`: in training mode by the batch's moments, which it also
 * adds to the running ones; in eval mode by the running moments.
 *
 * @see torch.nn.BatchNorm2d
 */
export class BatchNorm2d extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer;
  readonly runningVar: Buffer;
  readonly numBatchesTracked = new Counter();
  readonly eps: number;
  readonly momentum: number;

  constructor(
    numFeatures: number,
    { eps = 1e-5, momentum = 0.1, affine = true, init = constant(1) }: BatchNorm2dOptions = {},
  ) {
    super();
    this.weight = affine ? new Parameter([numFeatures], { init }) : null;
    this.bias = affine ? new Parameter([numFeatures], { init: constant(0) }) : null;
    this.runningMean = new Buffer([numFeatures], { init: constant(0) });
    this.runningVar = new Buffer([numFeatures], { init: constant(1) });
    this.eps = eps;
    this.momentum = momentum;
  }

  /** The normalised input and, in the same pass, a residual and a ReLU; see `batchNorm`. */
  forward(input: Tensor, after: Pick<BatchNormOptions, "activation" | "residual"> = {}): Tensor {
    const { training, eps, momentum } = this;
    const running = { mean: this.runningMean.tensor, variance: this.runningVar.tensor };
    const weight = this.weight?.tensor ?? null;
    const bias = this.bias?.tensor ?? null;
    const output = batchNorm(input, running, weight, bias, {
      training,
      eps,
      momentum,
      ...after,
    });
    if (training) input.gpu.perStep(() => ++this.numBatchesTracked.value);
    return output;
  }
}
