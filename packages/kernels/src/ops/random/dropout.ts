import { UsageError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import philoxSource from "../../wgsl/random.wgsl";
import { binary } from "../elementwise/binary.ts";
import { flatGrid, LANES, PER_INVOCATION, requireFloats, vectorsOf } from "../elementwise/flat.ts";
import { full } from "../elementwise/in-place.ts";
import dropoutSource from "./dropout.wgsl";
import { type RandomOptions, randomParams } from "./random.ts";

export const dropoutKernel = defineKernel({
  name: "dropout",
  modules: { "dropout.wgsl": dropoutSource, "random.wgsl": philoxSource },
  constants: { LANES, VECTORS: PER_INVOCATION },
  bindings: { input: "read", output: "read_write" },
  params: {
    vectors: "u32",
    seed_low: "u32",
    seed_high: "u32",
    offset_low: "u32",
    offset_high: "u32",
    threshold: "u32",
    scale: "f32",
  },
});

/**
 * Zeroes each element with probability `p` and divides the others by `1 − p`. The mask follows
 * from seed and offset, so the gradient is the same function of `gradOutput`.
 *
 * @param p in [0, 1]
 * @throws {UsageError} if `p` is outside [0, 1]
 * @see Srivastava et al., "Dropout", JMLR 2014
 */
export function dropout(gpu: Gpu, x: GpuArray, p: number, random: RandomOptions): GpuArray {
  requireFloats("dropout", { x });
  checkProbability("dropout", p);
  const words = randomParams(random);
  const output = gpu.empty(x.shape);
  const vectors = vectorsOf(x.size);
  // At p = 1 no word reaches 2³², but a threshold must fit: everything is scaled by 0 instead.
  const threshold = Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1);
  const scale = p === 1 ? 0 : 1 / (1 - p);
  dropoutKernel.dispatch(
    gpu,
    { input: x, output },
    { vectors, ...words, threshold, scale },
    { workgroups: flatGrid(gpu, vectors) },
  );
  return output;
}

/**
 * Zeroes whole samples with probability `p` and divides the others by `1 − p`: stochastic depth.
 * One draw per index of the first axis; the gradient is the same function of `gradOutput`.
 *
 * @param x `[N, …]`
 * @throws {UsageError} if `p` is outside [0, 1]
 * @see Huang et al., "Deep networks with stochastic depth", ECCV 2016
 */
export function dropPath(gpu: Gpu, x: GpuArray, p: number, random: RandomOptions): GpuArray {
  requireFloats("dropPath", { x });
  checkProbability("dropPath", p);
  const [samples = 1] = x.shape;
  using ones = full(gpu, [samples, 1], 1);
  using kept = dropout(gpu, ones, p, random);
  using rows = x.reshape([samples, x.size / samples]);
  using output = binary(gpu, "mul", rows, kept);
  return output.reshape(x.shape);
}

function checkProbability(op: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new UsageError(`${op}: p = ${p} is not a probability\nPass a number in [0, 1].`);
}
