import { upfirdn2d, upfirdn2dGeometry } from "@fauxgrad/kernels";
import type { BlurJob } from "../jobs.ts";
import { coordinates, ExactSum, type Operation, operand } from "./operation.ts";

const TAPS = [1, 3, 3, 1];
const SIZE = TAPS.length;
/** Padding that keeps the size under four taps. */
const PADDING = [2, 1, 2, 1] as const;

/** StyleGAN's blur of an image; its weights are whole 64ths, so that its sums are exact too. */
export const blurOperation: Operation<BlurJob> = {
  hasFamilies: true,
  facts({ input }) {
    const [n, h, w, c] = input;
    const flops = 2 * n * h * w * c * SIZE ** 2;
    const kernel = [SIZE, SIZE];
    return { flops, operands: { input, kernel }, output: input, terms: SIZE ** 2 };
  },
  operand(_job, name) {
    if (name !== "kernel") return undefined;
    return Float32Array.from(TAPS.flatMap((row) => TAPS.map((column) => (row * column) / 64)));
  },
  expected({ input: shape }, operands, at) {
    const [input, kernel] = [operand(operands, "input"), operand(operands, "kernel")];
    const [, h, w, channels] = shape;
    const [n = 0, y = 0, x = 0, c = 0] = coordinates(at, shape);
    const sum = new ExactSum();
    for (let ky = 0; ky < SIZE; ky++) {
      for (let kx = 0; kx < SIZE; kx++) {
        const iy = y + ky - PADDING[0];
        const ix = x + kx - PADDING[2];
        if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
        sum.add(input[((n * h + iy) * w + ix) * channels + c]! * kernel[ky * SIZE + kx]!);
      }
    }
    return sum.expected;
  },
  start(gpu, { input: shape }, operands) {
    const [input, kernel] = [operand(operands, "input"), operand(operands, "kernel")];
    const geometry = upfirdn2dGeometry(shape, [SIZE, SIZE], { padding: PADDING });
    return () => upfirdn2d(gpu, input, kernel, geometry);
  },
};
