import { minibatchStddev, minibatchStddevGeometry, numel } from "@fauxgrad/kernels";
import type { Images, MinibatchStddevJob } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import { coordinates, type Expected, type Operation, operand, ROUNDOFF } from "./operation.ts";

const EPS = 1e-8;
/** Mean, squares, root and their sum. */
const FLOPS = 5;
const ROUNDINGS = 16;

/** The mean over all positions of the deviation over the samples of a group. */
function deviationOf({ input, groupSize }: MinibatchStddevJob, operands: Operands, sample: number) {
  const [n, h, w, c] = input;
  const values = operand(operands, "input");
  const positions = h * w * c;
  const groups = n / groupSize;
  const samples = Array.from({ length: groupSize }, (_, g) => g * groups + (sample % groups));
  let deviations = 0;
  for (let p = 0; p < positions; p++) {
    const mean = samples.reduce((sum, s) => sum + values[s * positions + p]!, 0) / groupSize;
    const squares = samples.reduce((sum, s) => sum + (values[s * positions + p]! - mean) ** 2, 0);
    deviations += Math.sqrt(squares / groupSize + EPS);
  }
  return deviations / positions;
}

function outputOf([n, h, w, c]: Images): Images {
  return [n, h, w, c + 1];
}

function expectedAt(job: MinibatchStddevJob, operands: Operands, at: number): Expected {
  const { input } = job;
  const [, h, w, channels] = input;
  const [n = 0, y = 0, x = 0, c = 0] = coordinates(at, outputOf(input));
  if (c < channels) {
    const value = operand(operands, "input")[((n * h + y) * w + x) * channels + c]!;
    return { value, bound: 0 };
  }
  const value = deviationOf(job, operands, n);
  const roundings = ROUNDINGS + Math.sqrt(h * w * channels);
  // A deviation inherits the errors of its differences, of values below 1.
  return { value, bound: roundings * ROUNDOFF * (value + 1) };
}

/** The discriminators' channel of deviations. */
export const minibatchStddevOperation: Operation<MinibatchStddevJob> = {
  hasFamilies: false,
  facts({ input }) {
    const flops = FLOPS * numel(input);
    return { flops, operands: { input }, output: outputOf(input), terms: 1 };
  },
  expected: expectedAt,
  start(gpu, { input: shape, groupSize }, operands) {
    const input = operand(operands, "input");
    const geometry = minibatchStddevGeometry(shape, groupSize, "batch");
    return () => minibatchStddev(gpu, input, geometry);
  },
};
