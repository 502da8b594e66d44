// Operands in f16 for the convolution's tests, and what their results may be.

import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { float16ToFloat32, float32ToFloat16 } from "../../gpu/half.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { conv2dReference } from "./reference.ts";
import { operands } from "./test-cases.ts";

/** What f16 makes of the values. */
const inHalf = (values: Float32Array) => float16ToFloat32(float32ToFloat16(values));

/** The values that arrays of f16 hold. */
export function halfOperands(g: Conv2dGeometry, seed: number) {
  const host = operands(g, seed);
  return {
    input: inHalf(host.input),
    weight: inHalf(host.weight),
    bias: inHalf(host.bias),
    residual: inHalf(host.gradOutput),
  };
}

/**
 * `gain · leakyRelu(½ · sum + bias + residual)`, and what a kernel may differ from it by.
 *
 * @param isHalf whether the output is stored in f16
 */
export function expected(
  g: Conv2dGeometry,
  host: ReturnType<typeof halfOperands>,
  isHalf: boolean,
) {
  const sum = conv2dReference(host.input, host.weight, g);
  const data = sum.data.map((value, i) => {
    const v = 0.5 * value + host.bias[i % g.o]! + host.residual[i]!;
    return v > 0 ? v : 0.25 * v;
  });
  // Winograd's transforms have about three times the error of a sum.
  const terms = 3 * ((g.kh * g.kw * g.c) / g.groups + 4);
  const magnitude = sum.magnitude.map((m, i) => {
    const store = isHalf ? 2 ** -10 * Math.abs(data[i]!) + 2 ** -14 : 0;
    return terms * (m + 2) + 2 ** 24 * store; // |bias|, |residual| ≤ 1
  });
  return { data, magnitude, shape: [g.n, g.oh, g.ow, g.o] };
}

type FloatType = "f32" | "f16";

/** Of input and weight. */
export type FloatTypes = readonly [input: FloatType, weight: FloatType];

/** The operands on the device. */
export function upload(
  gpu: Gpu,
  g: Conv2dGeometry,
  host: ReturnType<typeof halfOperands>,
  [input, weight]: FloatTypes = ["f16", "f16"],
) {
  return {
    input: gpu.upload(host.input, [g.n, g.h, g.w, g.c], input),
    weight: gpu.upload(host.weight, [g.kh, g.kw, g.c / g.groups, g.o], weight),
    bias: gpu.upload(host.bias, [g.o]),
    residual: gpu.upload(host.residual, [g.n, g.oh, g.ow, g.o], input),
  };
}

/** Gives all of them up. */
export function dispose(arrays: Readonly<Record<string, GpuArray>>): void {
  for (const array of Object.values(arrays)) array.dispose();
}
