import { matmul, matmulGeometry, matmulGradA, matmulGradB } from "@fauxgrad/kernels";
import type { MatmulJob } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import { ExactSum, type Operation, operand, storedInHalf } from "./operation.ts";

/** The three products are one, with the roles of the axes exchanged. */
function expected({ pass, m, k, n }: MatmulJob, operands: Operands, at: number) {
  const sum = new ExactSum();
  if (pass === "forward") {
    const [a, b] = [operand(operands, "a"), operand(operands, "b")];
    const [row, column] = [Math.floor(at / n), at % n];
    for (let i = 0; i < k; i++) sum.add(a[row * k + i]! * b[i * n + column]!);
  } else if (pass === "gradInput") {
    const [grad, b] = [operand(operands, "gradOutput"), operand(operands, "b")];
    const [row, column] = [Math.floor(at / k), at % k];
    for (let i = 0; i < n; i++) sum.add(grad[row * n + i]! * b[column * n + i]!);
  } else {
    const [a, grad] = [operand(operands, "a"), operand(operands, "gradOutput")];
    const [row, column] = [Math.floor(at / n), at % n];
    for (let i = 0; i < m; i++) sum.add(a[i * k + row]! * grad[i * n + column]!);
  }
  return sum.expected;
}

/** Matrix products and their gradients. */
export const matmulOperation: Operation<MatmulJob> = {
  hasFamilies: true,
  facts({ pass, m, k, n }) {
    const flops = 2 * m * k * n;
    const [a, b, gradOutput] = [
      [m, k],
      [k, n],
      [m, n],
    ];
    switch (pass) {
      case "forward":
        return { flops, operands: { a, b }, output: gradOutput, terms: k };
      case "gradInput":
        return { flops, operands: { gradOutput, b }, output: a, terms: n };
      case "gradWeight":
        return { flops, operands: { a, gradOutput }, output: b, terms: m };
      default:
        return pass satisfies never;
    }
  },
  expected(job, operands, at) {
    const found = expected(job, operands, at);
    return job.half === true ? storedInHalf(found) : found;
  },
  start(gpu, { pass, m, k, n }, operands) {
    const geometry = matmulGeometry([m, k], [k, n]);
    switch (pass) {
      case "forward": {
        const [a, b] = [operand(operands, "a"), operand(operands, "b")];
        return () => matmul(gpu, a, b, geometry);
      }
      case "gradInput": {
        const [grad, b] = [operand(operands, "gradOutput"), operand(operands, "b")];
        return () => matmulGradA(gpu, grad, b, geometry);
      }
      case "gradWeight": {
        const [a, grad] = [operand(operands, "a"), operand(operands, "gradOutput")];
        return () => matmulGradB(gpu, a, grad, geometry);
      }
      default:
        return pass satisfies never;
    }
  },
};
