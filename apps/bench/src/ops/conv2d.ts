import {
  type Conv2dGeometry,
  conv2d,
  conv2dGeometry,
  conv2dGradInput,
  conv2dGradWeight,
} from "@fauxgrad/kernels";
import { type Conv2dJob, convSizes } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import {
  coordinates,
  ExactSum,
  type Expected,
  type Operation,
  operand,
  storedInHalf,
} from "./operation.ts";

function geometryOf({ input, weight, stride, padding, groups }: Conv2dJob): Conv2dGeometry {
  return conv2dGeometry(input, weight, { stride, padding, groups });
}

/** `output[n, y, x, o] = Σ input[n, y·s + kh − p, x·s + kw − p, i] · weight[kh, kw, i, o]` */
function expectedForward(job: Conv2dJob, operands: Operands, at: number): Expected {
  const s = convSizes(job);
  const [input, weight] = [operand(operands, "input"), operand(operands, "weight")];
  const [n = 0, y = 0, x = 0, o = 0] = coordinates(at, s.output);
  const first = Math.floor(o / s.groupO) * s.groupC;
  const sum = new ExactSum();
  for (let kh = 0; kh < s.kh; kh++) {
    for (let kw = 0; kw < s.kw; kw++) {
      const iy = y * job.stride + kh - job.padding;
      const ix = x * job.stride + kw - job.padding;
      if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
      for (let i = 0; i < s.groupC; i++) {
        const pixel = input[((n * s.h + iy) * s.w + ix) * s.c + first + i]!;
        sum.add(pixel * weight[((kh * s.kw + kw) * s.groupC + i) * s.o + o]!);
      }
    }
  }
  return sum.expected;
}

/** Of every output that read this input: `Σ gradOutput[n, y, x, o] · weight[kh, kw, i, o]`. */
function expectedGradInput(job: Conv2dJob, operands: Operands, at: number): Expected {
  const s = convSizes(job);
  const [grad, weight] = [operand(operands, "gradOutput"), operand(operands, "weight")];
  const [n = 0, iy = 0, ix = 0, c = 0] = coordinates(at, job.input);
  const first = Math.floor(c / s.groupC) * s.groupO;
  const sum = new ExactSum();
  for (let kh = 0; kh < s.kh; kh++) {
    for (let kw = 0; kw < s.kw; kw++) {
      const y = (iy + job.padding - kh) / job.stride;
      const x = (ix + job.padding - kw) / job.stride;
      if (!Number.isInteger(y) || y < 0 || y >= s.oh) continue;
      if (!Number.isInteger(x) || x < 0 || x >= s.ow) continue;
      for (let j = 0; j < s.groupO; j++) {
        const o = first + j;
        const tap = weight[((kh * s.kw + kw) * s.groupC + (c % s.groupC)) * s.o + o]!;
        sum.add(grad[((n * s.oh + y) * s.ow + x) * s.o + o]! * tap);
      }
    }
  }
  return sum.expected;
}

/** Of every pixel: `Σ input[n, y·s + kh − p, x·s + kw − p, i] · gradOutput[n, y, x, o]`. */
function expectedGradWeight(job: Conv2dJob, operands: Operands, at: number): Expected {
  const s = convSizes(job);
  const [input, grad] = [operand(operands, "input"), operand(operands, "gradOutput")];
  const [kh = 0, kw = 0, i = 0, o = 0] = coordinates(at, job.weight);
  const c = Math.floor(o / s.groupO) * s.groupC + i;
  const sum = new ExactSum();
  for (let n = 0; n < s.n; n++) {
    for (let y = 0; y < s.oh; y++) {
      for (let x = 0; x < s.ow; x++) {
        const iy = y * job.stride + kh - job.padding;
        const ix = x * job.stride + kw - job.padding;
        if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
        const pixel = input[((n * s.h + iy) * s.w + ix) * s.c + c]!;
        sum.add(pixel * grad[((n * s.oh + y) * s.ow + x) * s.o + o]!);
      }
    }
  }
  return sum.expected;
}

/** Convolutions and their gradients. */
export const conv2dOperation: Operation<Conv2dJob> = {
  hasFamilies: true,
  facts(job) {
    const { n, kh, kw, groupC, o, oh, ow, groupO, output } = convSizes(job);
    const flops = 2 * n * oh * ow * o * kh * kw * groupC;
    const { input, weight, pass } = job;
    switch (pass) {
      case "forward":
        return { flops, operands: { input, weight }, output, terms: kh * kw * groupC };
      case "gradInput": {
        const operands = { gradOutput: output, weight };
        return { flops, operands, output: input, terms: kh * kw * groupO };
      }
      case "gradWeight": {
        const operands = { input, gradOutput: output };
        return { flops, operands, output: weight, terms: n * oh * ow };
      }
      default:
        return pass satisfies never;
    }
  },
  expected(job, operands, at) {
    if (job.pass === "forward") {
      const found = expectedForward(job, operands, at);
      return job.half === true ? storedInHalf(found) : found;
    }
    if (job.pass === "gradInput") return expectedGradInput(job, operands, at);
    return expectedGradWeight(job, operands, at);
  },
  start(gpu, job, operands) {
    const geometry = geometryOf(job);
    switch (job.pass) {
      case "forward": {
        const [input, weight] = [operand(operands, "input"), operand(operands, "weight")];
        return () => conv2d(gpu, input, weight, geometry);
      }
      case "gradInput": {
        const [grad, weight] = [operand(operands, "gradOutput"), operand(operands, "weight")];
        return () => conv2dGradInput(gpu, grad, weight, geometry);
      }
      case "gradWeight": {
        const [input, grad] = [operand(operands, "input"), operand(operands, "gradOutput")];
        return () => conv2dGradWeight(gpu, input, grad, geometry);
      }
      default:
        return job.pass satisfies never;
    }
  },
};
