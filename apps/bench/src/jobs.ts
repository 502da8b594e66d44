/*
 * A job says what is computed, in plain data: our kernels, the float64 reference and the peers in
 * their own processes each read it in their own way.
 */

/** `[N, H, W, C]` */
export type Images = readonly [n: number, h: number, w: number, c: number];

/** `[KH, KW, C / groups, O]` */
export type Weight = readonly [kh: number, kw: number, c: number, o: number];

/** Which of an operation's three kernels. */
export type Pass = "forward" | "gradInput" | "gradWeight";

/** A convolution, or a gradient of it. */
export interface Conv2dJob {
  readonly op: "conv2d";
  readonly pass: Pass;
  readonly input: Images;
  readonly weight: Weight;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
  /** Operands and output in f16, sums in f32; forward only. */
  readonly half?: true;
}

/** `[M, K] × [K, N]`; `gradInput` is the gradient of the left operand, `gradWeight` of the right. */
export interface MatmulJob {
  readonly op: "matmul";
  readonly pass: Pass;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Operands and output in f16, sums in f32; forward only. */
  readonly half?: true;
}

/** The largest element of each window. */
export interface MaxPoolJob {
  readonly op: "maxPool2d";
  readonly input: Images;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/** The mean of each channel's pixels. */
export interface GlobalAverageJob {
  readonly op: "globalAverage";
  readonly input: Images;
}

/** An elementwise function of one or two arrays of a shape. */
export interface PointwiseJob {
  readonly op: "relu" | "add";
  readonly input: Images;
}

/** Sums over everything but the channels, as a bias's gradient does. */
export interface SumChannelsJob {
  readonly op: "sumChannels";
  readonly input: Images;
}

/** StyleGAN's blur: `[1, 3, 3, 1] ⊗ [1, 3, 3, 1] / 64` on each channel, padded to the same size. */
export interface BlurJob {
  readonly op: "blur";
  readonly input: Images;
}

/** A normalisation with gain and offset; backward, all three gradients, of which the input's is checked. */
export interface NormJob {
  readonly op: "norm";
  /** By whose moments: the batch's, given ones, a sample's groups of channels, a pixel's channels. */
  readonly kind: "batch" | "batch-eval" | "group" | "layer";
  readonly pass: "forward" | "gradInput";
  readonly input: Images;
  /** Of a group norm. */
  readonly groups: number;
}

/** A filter less its mean, over its deviation. */
export interface StandardizeJob {
  readonly op: "standardize";
  readonly pass: "forward" | "gradInput";
  readonly weight: Weight;
}

/** Softmax of rows, or the mean cross-entropy of class probabilities. */
export interface RowsJob {
  readonly op: "softmax" | "crossEntropy";
  readonly pass: "forward" | "gradInput";
  readonly rows: number;
  readonly columns: number;
}

/** Two steps of an optimiser, forth and back: SGD with momentum, or Adam. */
export interface UpdateJob {
  readonly op: "sgd" | "adam";
  readonly size: number;
}

/** Zeroes a fifth of the elements by Philox, and scales the others. */
export interface DropoutJob {
  readonly op: "dropout";
  readonly input: Images;
}

/** Bilinear interpolation, or its gradient. */
export interface ResizeJob {
  readonly op: "resize";
  readonly pass: "forward" | "gradInput";
  readonly input: Images;
  /** Side of the output. */
  readonly size: number;
}

/** The deviation of each group of samples as a channel more. */
export interface MinibatchStddevJob {
  readonly op: "minibatchStddev";
  readonly input: Images;
  readonly groupSize: number;
}

/** Gradients of pools: of 2×2 means, of the mean of all pixels, and of maxima. */
export interface PoolGradJob {
  readonly op: "meanPoolGrad" | "globalAverageGrad" | "maxPoolGrad";
  /** Of the pool, not of the gradient. */
  readonly input: Images;
}

/** One computation to validate and to time. */
export type Job =
  | Conv2dJob
  | MatmulJob
  | MaxPoolJob
  | GlobalAverageJob
  | PointwiseJob
  | SumChannelsJob
  | BlurJob
  | NormJob
  | StandardizeJob
  | RowsJob
  | UpdateJob
  | DropoutJob
  | ResizeJob
  | MinibatchStddevJob
  | PoolGradJob;

/** Whether operands and output are f16. */
export function isHalf(job: Job): boolean {
  return "half" in job && job.half === true;
}

/** The same in f32. */
export function inFull(job: Job): Job {
  if (job.op !== "conv2d" && job.op !== "matmul") return job;
  const { half: _half, ...whole } = job;
  return whole;
}

/** Sizes of a convolution that everybody needs; the padding is the same on all sides. */
export function convSizes({ input, weight, stride, padding, groups }: Conv2dJob) {
  const [n, h, w, c] = input;
  const [kh, kw, groupC, o] = weight;
  const oh = Math.floor((h + 2 * padding - kh) / stride) + 1;
  const ow = Math.floor((w + 2 * padding - kw) / stride) + 1;
  const output: Images = [n, oh, ow, o];
  return { n, h, w, c, kh, kw, groupC, o, oh, ow, groupO: o / groups, output };
}

/** One group a channel. */
export function isDepthwise(job: Conv2dJob): boolean {
  return job.groups === job.input[3] && job.groups > 1;
}
