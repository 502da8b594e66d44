import { UsageError } from "../../errors.ts";
import { type PerStep, perReplay, valueNow } from "../../gpu/capture/step-value.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel, type PerDispatch } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import philoxSource from "../../wgsl/random.wgsl";
import { binary } from "../elementwise/binary.ts";
import { FLAT, FLAT_CONSTANTS, flatGrid, requireFloats, vectorsOf } from "../elementwise/flat.ts";
import { full } from "../elementwise/in-place.ts";
import { slice } from "../layout/gather.ts";
import dropoutSource from "./dropout.wgsl";
import { type RandomOptions, randomParams } from "./random.ts";

export const dropoutKernel = defineKernel({
  name: "dropout",
  modules: { ...FLAT, "dropout.wgsl": dropoutSource, "random.wgsl": philoxSource },
  constants: FLAT_CONSTANTS,
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
 * @param random may be a value of each step's own: a captured step draws new masks then
 * @throws {UsageError} if `p` is outside [0, 1], or `firstSample` no integer from 0
 * @see Srivastava et al., "Dropout", JMLR 2014
 */
export function dropout(
  gpu: Gpu,
  x: GpuArray,
  p: number,
  random: PerStep<DropoutOptions>,
): GpuArray {
  requireFloats("dropout", { x });
  checkProbability("dropout", p);
  const [samples = 1] = x.shape;
  const placeOf = ({ firstSample = 0 }: DropoutOptions) =>
    firstPlace(firstSample, x.size / samples);
  const shift = placeOf(valueNow(random)) % 4;
  const draw = perReplay(random, (now) => {
    const place = placeOf(now);
    if (place % 4 !== shift) throw otherPart(now);
    return { first_vector: (place - shift) / 4, ...randomParams(now) };
  });
  if (shift === 0) return alignedDropout(gpu, x, p, draw);
  // The mask begins within a vector of four words: it is made from the vector's first one.
  using ones = full(gpu, [shift + x.size], 1);
  using kept = alignedDropout(gpu, ones, p, draw);
  using mask = slice(gpu, kept, [shift], [x.size]);
  using flat = x.reshape([x.size]);
  using output = binary(gpu, "mul", flat, mask);
  return output.reshape(x.shape);
}

/** Which random numbers, and the vector of four words that the mask begins with. */
type Draw = ReturnType<typeof randomParams> & { readonly first_vector: number };

function alignedDropout(gpu: Gpu, x: GpuArray, p: number, draw: PerDispatch<Draw>): GpuArray {
  // At p = 1 no word reaches 2³², but a threshold must fit: everything is scaled by 0 instead.
  const threshold = Math.min(Math.round(p * 2 ** 32), 2 ** 32 - 1);
  const scale = p === 1 ? 0 : 1 / (1 - p);
  const vectors = vectorsOf(x.size);
  const withDraw = (now: Draw) => ({ vectors, ...now, threshold, scale });
  const params = typeof draw === "function" ? () => withDraw(draw()) : withDraw(draw);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(x.shape);
    const workgroups = flatGrid(gpu, vectors);
    dropoutKernel.dispatch(gpu, { input: x, output }, params, { workgroups });
    return output;
  });
}

/**
 * Zeroes whole samples with probability `p` and divides the others by `1 − p`: stochastic depth.
 * One draw per index of the first axis; the gradient is the same function of `gradOutput`.
 *
 * @param x `[N, …]`
 * @throws {UsageError} if `p` is outside [0, 1], or `firstSample` no integer from 0
 * @see Huang et al., "Deep networks with stochastic depth", ECCV 2016
 */
export function dropPath(
  gpu: Gpu,
  x: GpuArray,
  p: number,
  random: PerStep<DropoutOptions>,
): GpuArray {
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

function otherPart({ firstSample = 0 }: DropoutOptions): UsageError {
  return new UsageError(
    `dropout: firstSample = ${firstSample} begins elsewhere in a vector than the captured one\n` +
      "Capture a step for each part of a batch.",
  );
}

function checkProbability(op: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new UsageError(`${op}: p = ${p} is not a probability\nPass a number in [0, 1].`);
}
