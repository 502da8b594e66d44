import { numel, standardizeWeight, standardizeWeightGrad } from "@fauxgrad/kernels";
import type { StandardizeJob } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import { type Operation, operand, ROUNDOFF } from "./operation.ts";

const EPS = 1e-5;
const FORWARD_FLOPS = 6;
const BACKWARD_FLOPS = 10;
const ROUNDINGS = 16;

/** Elements of the filter of element `at`, of a weight whose last axis has `filters`. */
function filterOf(weight: Float32Array, filters: number, at: number) {
  const members: number[] = [];
  for (let i = at % filters; i < weight.length; i += filters) members.push(i);
  const mean = members.reduce((sum, i) => sum + weight[i]!, 0) / members.length;
  const squares = members.reduce((sum, i) => sum + (weight[i]! - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (members.length - 1));
  return { members, mean, deviation };
}

/** `(w − mean) / (std + ε)`, and `(g − mean(g) − c·Σ g·c / ((n − 1)·std·(std + ε))) / (std + ε)`. */
function expectedAt(job: StandardizeJob, operands: Operands, at: number) {
  const weight = operand(operands, "weight");
  const { members, mean, deviation } = filterOf(weight, job.weight[3], at);
  const scale = 1 / (deviation + EPS);
  const roundings = ROUNDINGS + 2 * Math.sqrt(members.length);
  const centred = (i: number) => weight[i]! - mean;
  // Values are below 1; the deviation inherits the error of the differences once more.
  const spread = (i: number) => (Math.abs(centred(i)) + 2) * scale * (1 + scale);
  if (job.pass === "forward") {
    return { value: centred(at) * scale, bound: roundings * ROUNDOFF * spread(at) };
  }
  const g = operand(operands, "gradOutput");
  const gradMean = members.reduce((sum, i) => sum + g[i]!, 0) / members.length;
  const product = members.reduce((sum, i) => sum + g[i]! * centred(i), 0);
  const share = product / ((members.length - 1) * deviation * (deviation + EPS));
  const value = (g[at]! - gradMean - centred(at) * share) * scale;
  const products = members.reduce((sum, i) => sum + Math.abs(g[i]!) * spread(i), 0);
  const magnitude =
    (Math.abs(g[at]!) + 1 + (spread(at) * products) / (members.length - 1)) * scale * (1 + scale);
  return { value, bound: roundings * ROUNDOFF * magnitude };
}

/** Weight standardisation of one convolution's weight. */
export const standardizeOperation: Operation<StandardizeJob> = {
  hasFamilies: true,
  facts({ pass, weight }) {
    const operands = pass === "forward" ? { weight } : { weight, gradOutput: weight };
    const flops = numel(weight) * (pass === "forward" ? FORWARD_FLOPS : BACKWARD_FLOPS);
    return { flops, operands, output: weight, terms: 1 };
  },
  expected: expectedAt,
  start(gpu, { pass }, operands, keep) {
    const weight = operand(operands, "weight");
    if (pass === "forward") {
      return () => {
        const { output, moments } = standardizeWeight(gpu, weight);
        for (const array of Object.values(moments)) array.dispose();
        return output;
      };
    }
    const grad = operand(operands, "gradOutput");
    const { output, moments } = standardizeWeight(gpu, weight);
    output.dispose();
    keep(...Object.values(moments));
    return () => standardizeWeightGrad(gpu, grad, weight, moments);
  },
};
