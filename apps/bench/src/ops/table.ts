import { numel } from "@fauxgrad/kernels";
import { isHalf, type Job } from "../jobs.ts";
import { makeOperand, type Operands } from "../operands.ts";
import { blurOperation } from "./blur.ts";
import { conv2dOperation } from "./conv2d.ts";
import { dropoutOperation } from "./dropout.ts";
import { matmulOperation } from "./matmul.ts";
import { minibatchStddevOperation } from "./minibatch-stddev.ts";
import { normOperation } from "./norm.ts";
import type { Operation } from "./operation.ts";
import { pointwiseOperation, sumChannelsOperation } from "./pointwise.ts";
import { poolGradOperation } from "./pool-grad.ts";
import { globalAverageOperation, maxPoolOperation } from "./pooling.ts";
import { resizeOperation } from "./resize.ts";
import { rowsOperation } from "./rows.ts";
import { standardizeOperation } from "./standardize.ts";
import { updateOperation } from "./update.ts";

type Operations = { readonly [K in Job["op"]]: Operation<Extract<Job, { readonly op: K }>> };

const operations: Operations = {
  conv2d: conv2dOperation,
  matmul: matmulOperation,
  maxPool2d: maxPoolOperation,
  globalAverage: globalAverageOperation,
  relu: pointwiseOperation,
  add: pointwiseOperation,
  sumChannels: sumChannelsOperation,
  blur: blurOperation,
  norm: normOperation,
  standardize: standardizeOperation,
  softmax: rowsOperation,
  crossEntropy: rowsOperation,
  sgd: updateOperation,
  adam: updateOperation,
  dropout: dropoutOperation,
  resize: resizeOperation,
  minibatchStddev: minibatchStddevOperation,
  meanPoolGrad: poolGradOperation,
  globalAverageGrad: poolGradOperation,
  maxPoolGrad: poolGradOperation,
};

/** The operation of a job. */
export function operationOf(job: Job): Operation<Job> {
  return operations[job.op] as Operation<Job>;
}

/** Bytes of the operands and the output, each counted once: what no kernel can do without. */
export function bytesOf(job: Job): number {
  const { operands, output } = operationOf(job).facts(job);
  const sizes = [...Object.values(operands), output].map(numel);
  return (isHalf(job) ? 2 : 4) * sizes.reduce((sum, size) => sum + size, 0);
}

/** The operands of a job, the same in every process. */
export function operandsOf(job: Job): Operands {
  const operation = operationOf(job);
  const shapes = Object.entries(operation.facts(job).operands);
  return Object.fromEntries(
    shapes.map(([name, shape]) => [
      name,
      operation.operand?.(job, name) ?? makeOperand(name, numel(shape)),
    ]),
  );
}
