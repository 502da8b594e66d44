import { UsageError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import philoxSource from "../../wgsl/random.wgsl";
import { binary } from "../elementwise/binary.ts";
import { flatGrid, LANES, PER_INVOCATION, requireFloats, vectorsOf } from "../elementwise/flat.ts";
import { full } from "../elementwise/in-place.ts";
import { slice } from "../layout/gather.ts";
import dropoutSource from "./dropout.wgsl";
import { type RandomOptions, randomParams } from "./random.ts";

export const dropoutKernel = defineKernel({
  name: "dropout",
  modules: { "dropout.wgsl": dropoutSource, "random.wgsl": philoxSource },
  constants: { LANES, VECTORS: PER_INVOCATION },
  bindings: { input: "read", output: "read_write" },
  params: {
    vectors: "u32",
    first_vector: "u32",
    seed_low: "u32",
    seed_high: "u32",
    offset_low: "u32",
    offset_high: "u32",
    threshold: "u32",
    scale: "f32",
  },
});

/** Options of {@link dropout} and {@link dropPath}. */
export interface DropoutOptions extends RandomOptions {
  /**
   * Number of the first sample (index of the first axis): a batch that is cut into parts has the
   * masks of the whole one if each part says where it begins. Integer from 0. Default 0.
   */
  readonly firstSample?: number;
}

/**
 * Zeroes each element with probability `p` and divides the others by `1 − p`. The mask follows
 * from seed and offset, so the gradient is the same function of `gradOutput`.
 *
 * @param x `[N, …]`
 * @param p in [0, 1]
 * @throws {UsageError} if `p` is outside [0, 1], or `firstSample` no integer from 0
 * @see Srivastava et al., "Dropout", JMLR 2014
 */
export function dropout(
  gpu: Gpu,
  x: GpuArray,
  p: number,
  { firstSample = 0, ...random }: DropoutOptions,
): GpuArray {
  requireFloats("dropout", { x });
  checkProbability("dropout", p);
  const [samples = 1] = x.shape;
  const place = firstPlace(firstSample, x.size / samples);
  const shift = place % 4;
  if (shift === 0) return alignedDropout(gpu, x, p, { place, ...random });
  // The mask begins within a vector of four words: it is made from the vector's first one.
  using ones = full(gpu, [shift + x.size], 1);
  using kept = alignedDropout(gpu, ones, p, { place: place - shift, ...random });
  using mask = slice(gpu, kept, [shift], [x.size]);
  using flat = x.reshape([x.size]);
  using output = binary(gpu, "mul", flat, mask);
  return output.reshape(x.shape);
}

/** @param random `place` of the first element, a multiple of 4 */
function alignedDropout(
  gpu: Gpu,
  x: GpuArray,
  p: number,
  { place, ...random }: RandomOptions & { readonly place: number },
): GpuArray {
  const words = randomParams(random);
  const output = gpu.empty(x.shape);
  const vectors = vectorsOf(x.size);
  // At p = 1 no word reaches 2³², but a threshold must fit: everything is scaled by 0 instead.
  const threshold = Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1);
  const scale = p === 1 ? 0 : 1 / (1 - p);
  dropoutKernel.dispatch(
    gpu,
    { input: x, output },
    { vectors, first_vector: place / 4, ...words, threshold, scale },
    { workgroups: flatGrid(gpu, vectors) },
  );
  return output;
}

/**
 * Zeroes whole samples with probability `p` and divides the others by `1 − p`: stochastic depth.
 * One draw per index of the first axis; the gradient is the same function of `gradOutput`.
 *
 * @param x `[N, …]`
 * @throws {UsageError} if `p` is outside [0, 1], or `firstSample` no integer from 0
 * @see Huang et al., "Deep networks with stochastic depth", ECCV 2016
 */
export function dropPath(gpu: Gpu, x: GpuArray, p: number, random: DropoutOptions): GpuArray {
  requireFloats("dropPath", { x });
  checkProbability("dropPath", p);
  const [samples = 1] = x.shape;
  using ones = full(gpu, [samples, 1], 1);
  using kept = dropout(gpu, ones, p, random);
  using rows = x.reshape([samples, x.size / samples]);
  using output = binary(gpu, "mul", rows, kept);
  return output.reshape(x.shape);
}

/** Place of the first element among those of all samples. */
function firstPlace(firstSample: number, sampleSize: number): number {
  const place = firstSample * sampleSize;
  if (Number.isInteger(firstSample) && firstSample >= 0 && place < 2 ** 32) return place;
  throw new UsageError(
    `dropout: firstSample = ${firstSample}\n` +
      `  sample  ${sampleSize} elements\nPass an integer from 0, below 2^32 elements in all.`,
  );
}

function checkProbability(op: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new UsageError(`${op}: p = ${p} is not a probability\nPass a number in [0, 1].`);
}
