// Shapes and operands of the convolution's tests.

import { randomFloats } from "@fauxgrad/testing";
import { type Conv2dGeometry, type Conv2dOptions, conv2dGeometry } from "./geometry.ts";

/** One convolution to test. */
export interface Case {
  readonly input: [number, number, number, number];
  readonly kernel: [number, number];
  readonly outputs: number;
  readonly options?: Conv2dOptions;
}

/** The resolved sizes of a case. */
export function geometryOf({ input, kernel, outputs, options = {} }: Case): Conv2dGeometry {
  const weight = [...kernel, input[3] / (options.groups ?? 1), outputs];
  return conv2dGeometry(input, weight, options);
}

/** Seeded values for every operand. */
export function operands(g: Conv2dGeometry, seed: number) {
  return {
    input: randomFloats(g.n * g.h * g.w * g.c, seed),
    weight: randomFloats((g.kh * g.kw * g.c * g.o) / g.groups, seed + 1),
    bias: randomFloats(g.o, seed + 2),
    gradOutput: randomFloats(g.n * g.oh * g.ow * g.o, seed + 3),
  };
}
