import {
  adaptiveAvgPool2d,
  adaptiveAvgPool2dGeometry,
  maxPool2d,
  maxPool2dGeometry,
} from "@fauxgrad/kernels";
import type { GlobalAverageJob, MaxPoolJob } from "../jobs.ts";
import { coordinates, type Operation, operand, ROUNDOFF } from "./operation.ts";

function pooledSize(size: number, { kernelSize, stride, padding }: MaxPoolJob): number {
  return Math.floor((size + 2 * padding - kernelSize) / stride) + 1;
}

function pooled(job: MaxPoolJob) {
  const [n, h, w, c] = job.input;
  return [n, pooledSize(h, job), pooledSize(w, job), c] as const;
}

/** Maxima of sliding windows. */
export const maxPoolOperation: Operation<MaxPoolJob> = {
  hasFamilies: false,
  facts(job) {
    const output = pooled(job);
    const [n, oh, ow, c] = output;
    const flops = n * oh * ow * c * (job.kernelSize ** 2 - 1);
    return { flops, operands: { input: job.input }, output, terms: 1 };
  },
  expected(job, operands, at) {
    const input = operand(operands, "input");
    const [, h, w, channels] = job.input;
    const [n = 0, y = 0, x = 0, c = 0] = coordinates(at, pooled(job));
    let value = Number.NEGATIVE_INFINITY;
    for (let ky = 0; ky < job.kernelSize; ky++) {
      for (let kx = 0; kx < job.kernelSize; kx++) {
        const iy = y * job.stride + ky - job.padding;
        const ix = x * job.stride + kx - job.padding;
        if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
        value = Math.max(value, input[((n * h + iy) * w + ix) * channels + c]!);
      }
    }
    return { value, bound: 0 };
  },
  start(gpu, { input: shape, kernelSize, stride, padding }, operands) {
    const input = operand(operands, "input");
    const geometry = maxPool2dGeometry(shape, { kernelSize, stride, padding });
    return () => {
      const { output, indices } = maxPool2d(gpu, input, geometry);
      indices.dispose();
      return output;
    };
  },
};

/** Roundings of a mean: the reciprocal of the count, the product with the (exact) sum, the result. */
const MEAN_ROUNDINGS = 3;

/** Means over all pixels. */
export const globalAverageOperation: Operation<GlobalAverageJob> = {
  hasFamilies: false,
  facts({ input }) {
    const [n, h, w, c] = input;
    return { flops: n * h * w * c, operands: { input }, output: [n, 1, 1, c], terms: h * w };
  },
  expected({ input: [, h, w, c] }, operands, at) {
    const input = operand(operands, "input");
    const n = Math.floor(at / c);
    let sum = 0;
    for (let pixel = 0; pixel < h * w; pixel++) sum += input[(n * h * w + pixel) * c + (at % c)]!;
    const value = sum / (h * w);
    return { value, bound: MEAN_ROUNDINGS * ROUNDOFF * Math.abs(value) };
  },
  start(gpu, { input: shape }, operands) {
    const input = operand(operands, "input");
    const geometry = adaptiveAvgPool2dGeometry(shape, 1);
    return () => adaptiveAvgPool2d(gpu, input, geometry);
  },
};
