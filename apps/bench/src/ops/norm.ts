import {
  batchNormEval,
  batchNormGeometry,
  batchNormGradients,
  batchNormTrain,
  type Gpu,
  type GpuArray,
  groupNorm,
  groupNormGeometry,
  groupNormGradients,
  layerNorm,
  layerNormGeometry,
  layerNormGradients,
  numel,
} from "@fauxgrad/kernels";
import type { NormJob } from "../jobs.ts";
import { makeOperand, type Operands } from "../operands.ts";
import { type Operation, operand, ROUNDOFF } from "./operation.ts";

const EPS = 1e-5;
/** Operations of the definition an element: mean, variance, normalisation, gain and offset. */
const FORWARD_FLOPS = 8;
const BACKWARD_FLOPS = 14;
/** Roundings of a single element, beside those of the sums. */
const ROUNDINGS = 16;

/** Indices of the elements that share a mean with the one at `at`. */
function* groupAround({ kind, input: [n, h, w, c], groups }: NormJob, at: number) {
  const channel = at % c;
  const pixel = Math.floor(at / c);
  if (kind === "layer") {
    for (let k = 0; k < c; k++) yield pixel * c + k;
    return;
  }
  if (kind === "batch" || kind === "batch-eval") {
    for (let p = 0; p < n * h * w; p++) yield p * c + channel;
    return;
  }
  const width = c / groups;
  const first = Math.floor(channel / width) * width;
  const sample = Math.floor(pixel / (h * w)) * h * w;
  for (let p = sample; p < sample + h * w; p++) {
    for (let k = first; k < first + width; k++) yield p * c + k;
  }
}

interface Moments {
  readonly mean: number;
  readonly scale: number;
  readonly members: readonly number[];
}

function momentsAround(job: NormJob, operands: Operands, at: number): Moments {
  const x = operand(operands, "input");
  if (job.kind === "batch-eval") {
    const channel = at % job.input[3];
    const variance = operand(operands, "variance")[channel]!;
    const mean = operand(operands, "mean")[channel]!;
    return { mean, scale: 1 / Math.sqrt(variance + EPS), members: [] };
  }
  const members = [...groupAround(job, at)];
  const mean = members.reduce((sum, i) => sum + x[i]!, 0) / members.length;
  const variance = members.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / members.length;
  return { mean, scale: 1 / Math.sqrt(variance + EPS), members };
}

/** `s·(w·g − mean(w·g) − x̂·mean(w·g·x̂))`; with given moments the means are no part of it. */
function expectedGradient(job: NormJob, operands: Operands, at: number) {
  const { mean, scale, members } = momentsAround(job, operands, at);
  const x = operand(operands, "input");
  const g = operand(operands, "gradOutput");
  const weight = operand(operands, "weight");
  const slope = (i: number) => g[i]! * weight[i % job.input[3]]!;
  const normalized = (i: number) => (x[i]! - mean) * scale;
  // Values are below 1: a difference from the mean is off by as much, and the scale once more.
  const spread = (i: number) => (Math.abs(normalized(i)) + 2 * scale) * (1 + scale);
  const count = Math.max(1, members.length);
  const meanOf = (f: (i: number) => number) => members.reduce((sum, i) => sum + f(i), 0) / count;
  const value =
    scale * (slope(at) - meanOf(slope) - normalized(at) * meanOf((i) => slope(i) * normalized(i)));
  const magnitude =
    scale *
    (1 + scale) *
    (Math.abs(slope(at)) +
      meanOf((i) => Math.abs(slope(i))) +
      spread(at) * meanOf((i) => Math.abs(slope(i)) * spread(i)));
  return { value, bound: (ROUNDINGS + 2 * Math.sqrt(count)) * ROUNDOFF * magnitude };
}

function expectedOutput(job: NormJob, operands: Operands, at: number) {
  const { mean, scale, members } = momentsAround(job, operands, at);
  const channel = at % job.input[3];
  const weight = operand(operands, "weight")[channel]!;
  const bias = operand(operands, "bias")[channel]!;
  const normalized = (operand(operands, "input")[at]! - mean) * scale;
  const magnitude =
    (Math.abs(normalized) + 2 * scale) * (1 + scale) * Math.abs(weight) + Math.abs(bias);
  const roundings = ROUNDINGS + 2 * Math.sqrt(members.length);
  return { value: normalized * weight + bias, bound: roundings * ROUNDOFF * magnitude };
}

/** What a step of training runs: the output, and moments that the backward keeps. */
function forward(gpu: Gpu, job: NormJob, at: Readonly<Record<string, GpuArray>>) {
  const [input, weight, bias] = ["input", "weight", "bias"].map((name) => operand(at, name)) as [
    GpuArray,
    GpuArray,
    GpuArray,
  ];
  const affine = { weight, bias };
  const shapes = { input: input.shape, weight: weight.shape, bias: bias.shape };
  if (job.kind === "layer") return layerNorm(gpu, input, affine, layerNormGeometry(shapes, EPS));
  if (job.kind === "group") {
    return groupNorm(gpu, input, affine, groupNormGeometry(shapes, job.groups, EPS));
  }
  const geometry = batchGeometry(job, at);
  if (job.kind === "batch") return batchNormTrain(gpu, input, affine, geometry);
  const moments = { mean: operand(at, "mean"), variance: operand(at, "variance") };
  return { output: batchNormEval(gpu, input, moments, affine, geometry), moments: null };
}

function batchGeometry({ kind, input }: NormJob, at: Readonly<Record<string, GpuArray>>) {
  const vector = operand(at, "weight").shape;
  const shapes = { input, weight: vector, bias: vector, runningMean: null, runningVar: null };
  return batchNormGeometry(shapes, { training: kind === "batch", eps: EPS });
}

function backward(
  gpu: Gpu,
  job: NormJob,
  at: Readonly<Record<string, GpuArray>>,
  keep: (...arrays: readonly GpuArray[]) => void,
): () => GpuArray {
  const { output, moments } = forward(gpu, job, at);
  output.dispose();
  keep(...Object.values(moments ?? {}));
  const [input, grad, weight, bias] = ["input", "gradOutput", "weight", "bias"].map((name) =>
    operand(at, name),
  ) as [GpuArray, GpuArray, GpuArray, GpuArray];
  const needs = { input: true, weight: true, bias: true };
  const shapes = { input: input.shape, weight: weight.shape, bias: bias.shape };
  const used = moments ?? { mean: operand(at, "mean"), variance: operand(at, "variance") };
  const gradients = () => {
    if ("scale" in used) {
      const geometry = layerNormGeometry(shapes, EPS);
      return layerNormGradients(gpu, grad, input, used, weight, geometry, needs);
    }
    if (job.kind === "group") {
      const geometry = groupNormGeometry(shapes, job.groups, EPS);
      return groupNormGradients(gpu, grad, input, used, { weight, bias }, geometry, needs);
    }
    const options = { training: job.kind === "batch", needs };
    return batchNormGradients(gpu, grad, input, used, weight, batchGeometry(job, at), options);
  };
  return () => {
    const { gradInput, gradWeight, gradBias } = gradients();
    gradWeight?.dispose();
    gradBias?.dispose();
    if (gradInput === null) throw new Error("norm: no gradient of the input");
    return gradInput;
  };
}

/** Batch, group and layer normalisation, forward and backward. */
export const normOperation: Operation<NormJob> = {
  hasFamilies: true,
  facts({ kind, pass, input }) {
    const vector = [input[3]];
    const given = kind === "batch-eval" ? { mean: vector, variance: vector } : {};
    const gradient = pass === "forward" ? {} : { gradOutput: input };
    const operands = { input, weight: vector, bias: vector, ...given, ...gradient };
    const flops = numel(input) * (pass === "forward" ? FORWARD_FLOPS : BACKWARD_FLOPS);
    return { flops, operands, output: input, terms: 1 };
  },
  operand({ input }, name) {
    // A variance is positive.
    if (name !== "variance") return undefined;
    return makeOperand("variance", input[3]).map((value) => value + 1);
  },
  expected(job, operands, at) {
    return job.pass === "forward"
      ? expectedOutput(job, operands, at)
      : expectedGradient(job, operands, at);
  },
  start(gpu, job, operands, keep) {
    if (job.pass === "gradInput") return backward(gpu, job, operands, keep);
    return () => {
      const { output, moments } = forward(gpu, job, operands);
      for (const array of Object.values(moments ?? {})) array.dispose();
      return output;
    };
  },
};
