import {
  crossEntropy,
  crossEntropyGradLogits,
  type GpuArray,
  softmax,
  softmaxGradInput,
} from "@fauxgrad/kernels";
import type { RowsJob } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import { type Expected, type Operation, operand, ROUNDOFF } from "./operation.ts";

/** An exponential, a sum, a division and comparisons an element. */
const FLOPS = 5;
/** Roundings of an element: an exponential is granted 3 + 2|x| ulps, and |x| is below 2. */
const ROUNDINGS = 24;

/** The softmax of a row. */
function rowOf({ columns }: RowsJob, operands: Operands, row: number): number[] {
  const values = operand(operands, "input").subarray(row * columns, (row + 1) * columns);
  const powers = Array.from(values, Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function softmaxAt(job: RowsJob, operands: Operands, at: number): Expected {
  const { columns, pass } = job;
  const row = Math.floor(at / columns);
  const y = rowOf(job, operands, row);
  const own = y[at % columns]!;
  const roundings = (ROUNDINGS + Math.sqrt(columns)) * ROUNDOFF;
  if (pass === "forward") return { value: own, bound: roundings * own };
  const g = operand(operands, "gradOutput");
  const slope = y.reduce((sum, share, k) => sum + share * g[row * columns + k]!, 0);
  // Slopes are below 1.
  return { value: own * (g[at]! - slope), bound: 3 * roundings * own };
}

/** Mean over rows of `Σ t·(ln Σ e^x − x)`, and its gradient `(softmax·Σt − t) / rows`. */
function crossEntropyAt(job: RowsJob, operands: Operands, at: number): Expected {
  const { rows, columns, pass } = job;
  const target = operand(operands, "target");
  const roundings = (ROUNDINGS + Math.sqrt(columns)) * ROUNDOFF;
  if (pass === "gradInput") {
    const row = Math.floor(at / columns);
    const own = rowOf(job, operands, row)[at % columns]!;
    const value = (own - target[at]!) / rows;
    return { value, bound: (roundings * (own + target[at]!)) / rows };
  }
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const y = rowOf(job, operands, row);
    sum -= y.reduce((total, share, k) => total + target[row * columns + k]! * Math.log(share), 0);
  }
  const value = sum / rows;
  return { value, bound: (roundings + Math.sqrt(rows) * ROUNDOFF) * (value + 1) };
}

/** Rows of `1 / columns`: they add up to 1. */
function uniform({ rows, columns }: RowsJob): Float32Array<ArrayBuffer> {
  return new Float32Array(rows * columns).fill(1 / columns);
}

/** Softmax and cross-entropy, forward and backward. */
export const rowsOperation: Operation<RowsJob> = {
  hasFamilies: false,
  facts({ op, pass, rows, columns }) {
    const shape = [rows, columns];
    const isLoss = op === "crossEntropy";
    const target = isLoss ? { target: shape } : {};
    const gradient = pass === "forward" ? {} : { gradOutput: isLoss ? [] : shape };
    return {
      flops: FLOPS * rows * columns,
      operands: { input: shape, ...target, ...gradient },
      output: isLoss && pass === "forward" ? [] : shape,
      terms: columns,
    };
  },
  operand(job, name) {
    if (name === "target") return uniform(job);
    return job.op === "crossEntropy" && name === "gradOutput" ? Float32Array.of(1) : undefined;
  },
  expected(job, operands, at) {
    return job.op === "softmax" ? softmaxAt(job, operands, at) : crossEntropyAt(job, operands, at);
  },
  start(gpu, { op, pass }, operands, keep) {
    const input = operand(operands, "input");
    const grad = (): GpuArray => operand(operands, "gradOutput");
    if (op === "softmax") {
      if (pass === "forward") return () => softmax(gpu, input);
      const output = softmax(gpu, input);
      keep(output);
      return () => softmaxGradInput(gpu, grad(), output);
    }
    const target = operand(operands, "target");
    if (pass === "forward") return () => crossEntropy(gpu, input, target);
    return () => crossEntropyGradLogits(gpu, grad(), input, target);
  },
};
