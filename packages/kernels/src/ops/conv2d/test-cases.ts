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

/** Every kernel, on both sides of its tiles. */
export const CASES: Record<string, Case> = {
  "1×1": { input: [1, 1, 1, 1], kernel: [1, 1], outputs: 1 },
  "3×3, one row short of a tile": {
    input: [1, 7, 1, 4],
    kernel: [3, 3],
    outputs: 31,
    options: { padding: 1 },
  },
  "3×3, one row over a tile": {
    input: [1, 3, 3, 5],
    kernel: [3, 3],
    outputs: 33,
    options: { padding: 1 },
  },
  "64 outputs": { input: [2, 5, 7, 8], kernel: [3, 3], outputs: 64, options: { padding: 1 } },
  "65 outputs, 17 channels": {
    input: [1, 6, 5, 17],
    kernel: [3, 3],
    outputs: 65,
    options: { padding: 1 },
  },
  "stem 7×7/2 of 3 channels": {
    input: [1, 13, 11, 3],
    kernel: [7, 7],
    outputs: 12,
    options: { stride: 2, padding: 3 },
  },
  "3×3/2": {
    input: [2, 8, 9, 16],
    kernel: [3, 3],
    outputs: 20,
    options: { stride: 2, padding: 1 },
  },
  "1×1/2": { input: [1, 7, 8, 16], kernel: [1, 1], outputs: 8, options: { stride: 2 } },
  "stride 3 beyond the kernel": {
    input: [1, 10, 11, 4],
    kernel: [2, 2],
    outputs: 4,
    options: { stride: 3 },
  },
  "stride [1, 2], dilation [2, 3]": {
    input: [1, 9, 12, 6],
    kernel: [3, 2],
    outputs: 10,
    options: { stride: [1, 2], dilation: [2, 3], padding: [2, 1] },
  },
  "stride 4, dilation 2": {
    input: [1, 15, 13, 4],
    kernel: [3, 3],
    outputs: 4,
    options: { stride: 4, dilation: 2, padding: 2 },
  },
  "padding on one side": {
    input: [1, 6, 6, 4],
    kernel: [3, 3],
    outputs: 8,
    options: { stride: 2, padding: [0, 1, 0, 1] },
  },
  "padding beyond the kernel": {
    input: [1, 3, 4, 4],
    kernel: [2, 2],
    outputs: 4,
    options: { padding: 3 },
  },
  "4×4 to one pixel": { input: [3, 4, 4, 20], kernel: [4, 4], outputs: 16 },
  "three outputs of many pixels": {
    input: [1, 9, 9, 12],
    kernel: [3, 3],
    outputs: 3,
    options: { padding: 1 },
  },
  "one output of 33 rows and 7 channels": { input: [1, 3, 11, 7], kernel: [1, 1], outputs: 1 },
  "depthwise 7×7": {
    input: [1, 8, 9, 4],
    kernel: [7, 7],
    outputs: 4,
    options: { padding: 3, groups: 4 },
  },
  "depthwise 3×3/3": {
    input: [1, 10, 9, 4],
    kernel: [3, 3],
    outputs: 4,
    options: { stride: 3, groups: 4 },
  },
  "16 rows": { input: [1, 4, 4, 8], kernel: [1, 1], outputs: 36 },
  "23 rows": { input: [1, 23, 1, 8], kernel: [1, 1], outputs: 36 },
  "24 rows": { input: [1, 24, 1, 6], kernel: [1, 1], outputs: 36 },
  "13 rows": { input: [1, 13, 1, 8], kernel: [1, 1], outputs: 36 },
  "97 rows": { input: [1, 1, 97, 8], kernel: [1, 1], outputs: 36 },
  "a dense layer": { input: [5, 1, 1, 33], kernel: [1, 1], outputs: 40 },
  "64 pixels and 128 channels": { input: [1, 8, 8, 128], kernel: [1, 1], outputs: 128 },
  "65 pixels and 63 outputs": { input: [1, 5, 13, 20], kernel: [1, 1], outputs: 63 },
  "ResNeXt groups of 4": {
    input: [1, 5, 6, 32],
    kernel: [3, 3],
    outputs: 32,
    options: { padding: 1, groups: 8 },
  },
  "ResNeXt groups of 8, stride 2": {
    input: [1, 7, 6, 32],
    kernel: [3, 3],
    outputs: 32,
    options: { padding: 1, stride: 2, groups: 4 },
  },
  "two groups of 32": {
    input: [1, 4, 5, 16],
    kernel: [3, 3],
    outputs: 64,
    options: { padding: 1, groups: 2 },
  },
  "groups of 12, columns beyond a workgroup": {
    input: [2, 5, 6, 36],
    kernel: [3, 3],
    outputs: 36,
    options: { padding: 1, groups: 3 },
  },
  "two groups of 20 in, 36 out": {
    input: [1, 5, 6, 40],
    kernel: [1, 2],
    outputs: 72,
    options: { padding: [0, 1], groups: 2 },
  },
  "2×5/2 of 9 channels, padding on one side": {
    input: [2, 5, 10, 9],
    kernel: [2, 5],
    outputs: 36,
    options: { stride: [1, 2], padding: [1, 0, 2, 1] },
  },
  "1×2, stride 3 of 16 channels": {
    input: [1, 3, 13, 16],
    kernel: [1, 2],
    outputs: 68,
    options: { stride: [1, 3] },
  },
  "a row of 9 taps": {
    input: [1, 3, 12, 8],
    kernel: [1, 9],
    outputs: 8,
    options: { padding: [0, 4] },
  },
  "groups of 4, dilated": {
    input: [1, 5, 7, 8],
    kernel: [2, 2],
    outputs: 8,
    options: { padding: 1, dilation: [1, 2], groups: 2 },
  },
  "groups of 3 in, 2 out": {
    input: [1, 5, 4, 9],
    kernel: [3, 3],
    outputs: 6,
    options: { padding: 1, groups: 3 },
  },
  "depthwise 3×3": {
    input: [2, 9, 10, 36],
    kernel: [3, 3],
    outputs: 36,
    options: { padding: 1, groups: 36 },
  },
  "depthwise 5×5/2": {
    input: [1, 11, 17, 8],
    kernel: [5, 5],
    outputs: 8,
    options: { padding: 2, stride: 2, groups: 8 },
  },
  "depthwise 3×3/2, TensorFlow's padding": {
    input: [1, 8, 8, 12],
    kernel: [3, 3],
    outputs: 12,
    options: { padding: [0, 1, 0, 1], stride: 2, groups: 12 },
  },
  "depthwise 3×3/2, a column over two blocks of cells": {
    input: [2, 7, 17, 8],
    kernel: [3, 3],
    outputs: 8,
    options: { padding: 1, stride: 2, groups: 8 },
  },
  "depthwise 3×3/2, more rows than two strips of cells": {
    input: [1, 115, 3, 4],
    kernel: [3, 3],
    outputs: 4,
    options: { padding: 1, stride: 2, groups: 4 },
  },
  "depthwise 5×4, stride [3, 1], padding on one side": {
    input: [1, 13, 9, 4],
    kernel: [5, 4],
    outputs: 4,
    options: { padding: [4, 0, 0, 3], stride: [3, 1], groups: 4 },
  },
  "depthwise of 6 channels": {
    input: [1, 6, 5, 6],
    kernel: [3, 3],
    outputs: 6,
    options: { padding: 1, groups: 6 },
  },
  "depthwise, two outputs a channel": {
    input: [1, 5, 5, 4],
    kernel: [3, 3],
    outputs: 8,
    options: { padding: 1, groups: 4 },
  },
  "depthwise, dilated": {
    input: [1, 7, 7, 4],
    kernel: [3, 3],
    outputs: 4,
    options: { padding: 2, dilation: 2, groups: 4 },
  },
};

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
