import {
  adaptiveAvgPool2dGeometry,
  adaptiveAvgPool2dGradInput,
  avgPool2dGeometry,
  avgPool2dGradInput,
  maxPool2d,
  maxPool2dGeometry,
  maxPool2dGradInput,
  numel,
} from "@fauxgrad/kernels";
import type { Images, PoolGradJob } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import {
  coordinates,
  ExactSum,
  type Expected,
  type Operation,
  operand,
  ROUNDOFF,
} from "./operation.ts";

/** ResNet's, as in `pooling.ts`. */
const MAX_POOL = { kernelSize: 3, stride: 2, padding: 1 } as const;
const MEAN_POOL = { kernelSize: 2 } as const;

function pooledOf({ op, input: [n, h, w, c] }: PoolGradJob): Images {
  if (op === "globalAverageGrad") return [n, 1, 1, c];
  if (op === "meanPoolGrad") return [n, h / 2, w / 2, c];
  return [n, Math.floor((h - 1) / 2) + 1, Math.floor((w - 1) / 2) + 1, c];
}

/** Where the maximum of a window of 3×3 pixels is: the first of equals. */
function winnerOf(input: Float32Array, [, h, w, c]: Images, place: readonly number[]): number {
  const [n = 0, oy = 0, ox = 0, channel = 0] = place;
  let winner = -1;
  for (let y = Math.max(0, 2 * oy - 1); y <= Math.min(h - 1, 2 * oy + 1); y++) {
    for (let x = Math.max(0, 2 * ox - 1); x <= Math.min(w - 1, 2 * ox + 1); x++) {
      const at = ((n * h + y) * w + x) * c + channel;
      if (winner < 0 || input[at]! > input[winner]!) winner = at;
    }
  }
  return winner;
}

/** The gradients of the windows that the element won. */
function maxGradient(job: PoolGradJob, operands: Operands, at: number): Expected {
  const input = operand(operands, "input");
  const grad = operand(operands, "gradOutput");
  const [, oh, ow, c] = pooledOf(job);
  const [n = 0, y = 0, x = 0, channel = 0] = coordinates(at, job.input);
  const sum = new ExactSum();
  for (let oy = Math.floor(y / 2); oy <= Math.min(oh - 1, Math.floor((y + 1) / 2)); oy++) {
    for (let ox = Math.floor(x / 2); ox <= Math.min(ow - 1, Math.floor((x + 1) / 2)); ox++) {
      if (winnerOf(input, job.input, [n, oy, ox, channel]) !== at) continue;
      sum.add(grad[((n * oh + oy) * ow + ox) * c + channel]!);
    }
  }
  return sum.expected;
}

/** A share of the window's gradient. */
function meanGradient(job: PoolGradJob, operands: Operands, at: number): Expected {
  const { op, input } = job;
  const [, h, w] = input;
  const [, oh, ow, c] = pooledOf(job);
  const [n = 0, y = 0, x = 0, channel = 0] = coordinates(at, input);
  const [oy, ox] = op === "meanPoolGrad" ? [Math.floor(y / 2), Math.floor(x / 2)] : [0, 0];
  const grad = operand(operands, "gradOutput")[((n * oh + oy) * ow + ox) * c + channel]!;
  const value = grad / ((h / oh) * (w / ow));
  // The reciprocal of the count, the product, the result.
  return { value, bound: 3 * ROUNDOFF * Math.abs(value) };
}

/** Gradients of pools. */
export const poolGradOperation: Operation<PoolGradJob> = {
  hasFamilies: false,
  facts(job) {
    const { op, input } = job;
    const gradOutput = pooledOf(job);
    const operands = op === "maxPoolGrad" ? { gradOutput, input } : { gradOutput };
    return { flops: numel(input), operands, output: input, terms: 1 };
  },
  expected(job, operands, at) {
    return job.op === "maxPoolGrad"
      ? maxGradient(job, operands, at)
      : meanGradient(job, operands, at);
  },
  start(gpu, { op, input }, operands, keep) {
    const grad = operand(operands, "gradOutput");
    if (op === "globalAverageGrad") {
      const geometry = adaptiveAvgPool2dGeometry(input, 1);
      return () => adaptiveAvgPool2dGradInput(gpu, grad, geometry);
    }
    if (op === "meanPoolGrad") {
      const geometry = avgPool2dGeometry(input, MEAN_POOL);
      return () => avgPool2dGradInput(gpu, grad, geometry);
    }
    const geometry = maxPool2dGeometry(input, MAX_POOL);
    const { output, indices } = maxPool2d(gpu, operand(operands, "input"), geometry);
    output.dispose();
    keep(indices);
    return () => maxPool2dGradInput(gpu, grad, indices, geometry);
  },
};
