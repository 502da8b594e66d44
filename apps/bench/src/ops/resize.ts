import {
  bilinearGeometry,
  interpolateBilinear,
  interpolateBilinearGradInput,
  numel,
} from "@fauxgrad/kernels";
import type { Images, ResizeJob } from "../jobs.ts";
import type { Operands } from "../operands.ts";
import { coordinates, type Expected, type Operation, operand, ROUNDOFF } from "./operation.ts";

/** Four products and three sums an element. */
const FLOPS = 7;
/** Weights are differences of positions, which are rounded at the size of the positions. */
const ROUNDINGS = 8;

/** Elements of an axis that output `o` takes, with their weights. */
function tapsOf(o: number, size: number, count: number): (readonly [number, number])[] {
  const position = Math.max(((o + 0.5) * size) / count - 0.5, 0);
  const first = Math.min(Math.floor(position), size - 1);
  const weight = position - first;
  const last = Math.min(first + 1, size - 1);
  return [
    [first, 1 - weight],
    [last, weight],
  ];
}

function outputOf({ input: [n, , , c], size }: ResizeJob): Images {
  return [n, size, size, c];
}

/** Outputs of an axis that take element `i`, with their weights. */
function takersOf(i: number, size: number, count: number): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, o) => o).flatMap((o) =>
    tapsOf(o, size, count).flatMap(([element, weight]) =>
      element === i ? [[o, weight] as const] : [],
    ),
  );
}

function weighted(
  values: Float32Array,
  [, h, w, c]: Images,
  [n, channel]: readonly [number, number],
  rows: readonly (readonly [number, number])[],
  columns: readonly (readonly [number, number])[],
): Expected {
  let value = 0;
  let magnitude = 0;
  for (const [y, wy] of rows) {
    for (const [x, wx] of columns) {
      const term = values[((n * h + y) * w + x) * c + channel]!;
      value += wy * wx * term;
      // A weight may be off by some roundings of its position, however small it is.
      magnitude += Math.abs(term) * Math.max(h, w);
    }
  }
  const terms = rows.length * columns.length;
  return { value, bound: (ROUNDINGS + Math.sqrt(terms)) * ROUNDOFF * magnitude };
}

function expectedAt(job: ResizeJob, operands: Operands, at: number): Expected {
  const { input, size, pass } = job;
  const [, h, w] = input;
  if (pass === "forward") {
    const [n = 0, y = 0, x = 0, c = 0] = coordinates(at, outputOf(job));
    const values = operand(operands, "input");
    return weighted(values, input, [n, c], tapsOf(y, h, size), tapsOf(x, w, size));
  }
  const [n = 0, y = 0, x = 0, c = 0] = coordinates(at, input);
  const values = operand(operands, "gradOutput");
  const takers = [takersOf(y, h, size), takersOf(x, w, size)] as const;
  return weighted(values, outputOf(job), [n, c], ...takers);
}

/** Bilinear interpolation. */
export const resizeOperation: Operation<ResizeJob> = {
  hasFamilies: false,
  facts(job) {
    const output = outputOf(job);
    const flops = FLOPS * numel(output);
    return job.pass === "forward"
      ? { flops, operands: { input: job.input }, output, terms: 4 }
      : { flops, operands: { gradOutput: output }, output: job.input, terms: 4 };
  },
  expected: expectedAt,
  start(gpu, { input, size, pass }, operands) {
    const geometry = bilinearGeometry(input, size);
    if (pass === "forward") {
      const images = operand(operands, "input");
      return () => interpolateBilinear(gpu, images, geometry);
    }
    const grad = operand(operands, "gradOutput");
    return () => interpolateBilinearGradInput(gpu, grad, geometry);
  },
};
