import { binary, numel, sumChannels, unary } from "@fauxgrad/kernels";
import type { PointwiseJob, SumChannelsJob } from "../jobs.ts";
import { ExactSum, type Operation, operand } from "./operation.ts";

/** ReLU and the sum of two arrays. */
export const pointwiseOperation: Operation<PointwiseJob> = {
  hasFamilies: false,
  facts({ op, input }) {
    const operands = op === "add" ? { a: input, b: input } : { a: input };
    return { flops: numel(input), operands, output: input, terms: 1 };
  },
  expected({ op }, operands, at) {
    const a = operand(operands, "a")[at]!;
    const value = op === "add" ? a + operand(operands, "b")[at]! : Math.max(0, a);
    return { value, bound: 0 };
  },
  start(gpu, { op }, operands) {
    const a = operand(operands, "a");
    if (op === "relu") return () => unary(gpu, "relu", a);
    const b = operand(operands, "b");
    return () => binary(gpu, "add", a, b);
  },
};

/** Sums of the channels. */
export const sumChannelsOperation: Operation<SumChannelsJob> = {
  hasFamilies: false,
  facts({ input }) {
    const [n, h, w, c] = input;
    return { flops: n * h * w * c, operands: { input }, output: [c], terms: n * h * w };
  },
  expected({ input: [n, h, w, c] }, operands, at) {
    const input = operand(operands, "input");
    const sum = new ExactSum();
    for (let pixel = 0; pixel < n * h * w; pixel++) sum.add(input[pixel * c + at]!);
    return sum.expected;
  },
  start(gpu, _job, operands) {
    const input = operand(operands, "input");
    return () => sumChannels(gpu, input);
  },
};
