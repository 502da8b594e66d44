/*
 * An optimiser changes what it starts from, and a job must be the same each time. So a job is two
 * steps, forth and back, with memories that forget at once: their factor, 2⁻³⁰, is below a
 * rounding, so that after any step the memory holds the gradient itself, which is what is checked.
 * Loads, stores and arithmetic are those of any other factor.
 */
import { adamStep, sgdStep } from "@fauxgrad/kernels";
import type { UpdateJob } from "../jobs.ts";
import { type Operation, operand } from "./operation.ts";

const FORGETFUL = 2 ** -30;
/** A power of two: what is added is taken away exactly. */
const RATE = 2 ** -4;
const STEPS = 2;
const SGD_FLOPS = 4;
const ADAM_FLOPS = 12;

/** SGD with momentum, and Adam, over one parameter. */
export const updateOperation: Operation<UpdateJob> = {
  hasFamilies: false,
  facts({ op, size }) {
    const shape = [size];
    const memory = op === "sgd" ? { buffer: shape } : { first: shape, second: shape };
    const flops = STEPS * size * (op === "sgd" ? SGD_FLOPS : ADAM_FLOPS);
    return {
      flops,
      operands: { parameter: shape, grad: shape, ...memory },
      output: shape,
      terms: 1,
    };
  },
  operand({ size }, name) {
    const isMemory = name === "buffer" || name === "first" || name === "second";
    return isMemory ? new Float32Array(size) : undefined;
  },
  expected(_job, operands, at) {
    return { value: operand(operands, "grad")[at]!, bound: 0 };
  },
  start(gpu, { op }, operands) {
    const [parameter, grad] = [operand(operands, "parameter"), operand(operands, "grad")];
    if (op === "sgd") {
      const buffer = operand(operands, "buffer");
      return () => {
        for (const lr of [RATE, -RATE]) {
          sgdStep(gpu, parameter, grad, buffer, { lr, momentum: FORGETFUL });
        }
        return buffer.retain();
      };
    }
    const moments = { first: operand(operands, "first"), second: operand(operands, "second") };
    return () => {
      for (const lr of [RATE, -RATE]) {
        adamStep(gpu, parameter, grad, moments, { lr, step: 1, betas: [FORGETFUL, FORGETFUL] });
      }
      return moments.first.retain();
    };
  },
};
