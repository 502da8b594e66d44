// Random numbers are functions of (seed, offset, place): there is no state on the device, and the
// order of dispatches does not matter. A caller that draws several times passes another offset each
// time; draws of different offsets do not overlap.

import { UsageError } from "../../errors.ts";
import { type PerStep, perReplay } from "../../gpu/capture/step-value.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel, type PerDispatch } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { numel, type Shape } from "../../shape.ts";
import philoxSource from "../../wgsl/random.wgsl";
import { FLAT, FLAT_CONSTANTS, flatGrid, LANES, vectorsOf } from "../elementwise/flat.ts";
import bitsSource from "./bits.wgsl";
import fillRandomSource from "./fill-random.wgsl";

const UNIFORM = "fn draw(bits: vec4u) -> vec4f { return uniform_values(bits); }";
const NORMAL = "fn draw(bits: vec4u) -> vec4f { return normal_values(bits); }";

export const fillRandomKernel = defineKernel({
  name: "fillRandom",
  modules: {
    ...FLAT,
    "fill-random.wgsl": fillRandomSource,
    "random.wgsl": philoxSource,
    "draw.wgsl": UNIFORM,
  },
  constants: FLAT_CONSTANTS,
  bindings: { output: "read_write" },
  params: {
    vectors: "u32",
    seed_low: "u32",
    seed_high: "u32",
    offset_low: "u32",
    offset_high: "u32",
    scale: "f32",
    shift: "f32",
  },
});

export const randomBitsKernel = defineKernel({
  name: "randomBits",
  modules: { "bits.wgsl": bitsSource, "random.wgsl": philoxSource },
  constants: { LANES },
  bindings: { output: "read_write" },
  params: {
    vectors: "u32",
    seed_low: "u32",
    seed_high: "u32",
    counter0: "u32",
    counter1: "u32",
    counter2: "u32",
    counter3: "u32",
  },
});

/**
 * Which random numbers. The same seed and offset give the same words on every device; normal
 * values pass through the device's own logarithm and cosine besides.
 */
export interface RandomOptions {
  /** Integer in [0, 2⁵³). */
  readonly seed: number;
  /** Which draw of that seed: integer in [0, 2⁵³). Default 0. */
  readonly offset?: number;
}

/** Two words of an integer that float64 holds exactly. */
export function wordsOf(what: string, value: number): [low: number, high: number] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new UsageError(`random: ${what} = ${value}\nPass an integer in [0, 2^53).`);
  }
  return [value >>> 0, Math.floor(value / 2 ** 32)];
}

/** The seed and the offset as the kernels' parameters. */
export function randomParams({ seed, offset = 0 }: RandomOptions) {
  const [seed_low, seed_high] = wordsOf("seed", seed);
  const [offset_low, offset_high] = wordsOf("offset", offset);
  return { seed_low, seed_high, offset_low, offset_high };
}

/**
 * Values uniform in `[low, high)`, `low` plus multiples of `2⁻²⁴ · (high − low)`. Of intervals other
 * than [0, 1) the last value may round to `high`.
 *
 * @throws {UsageError} if seed or offset are not integers in [0, 2⁵³)
 */
export function uniform(
  gpu: Gpu,
  shape: Shape,
  options: PerStep<RandomOptions & { low?: number; high?: number }>,
): GpuArray {
  const params = perReplay(options, ({ low = 0, high = 1, ...random }) => ({
    scale: high - low,
    shift: low,
    ...drawParams(shape, random),
  }));
  return draw(gpu, shape, UNIFORM, params);
}

/**
 * Normally distributed values, by the transform of Box and Muller.
 *
 * @throws {UsageError} if seed or offset are not integers in [0, 2⁵³)
 */
export function normal(
  gpu: Gpu,
  shape: Shape,
  options: PerStep<RandomOptions & { mean?: number; std?: number }>,
): GpuArray {
  const params = perReplay(options, ({ mean = 0, std = 1, ...random }) => ({
    scale: std,
    shift: mean,
    ...drawParams(shape, random),
  }));
  return draw(gpu, shape, NORMAL, params);
}

function drawParams(shape: Shape, random: RandomOptions) {
  return { vectors: vectorsOf(numel(shape)), ...randomParams(random) };
}

type DrawParams = ReturnType<typeof drawParams> & { scale: number; shift: number };

function draw(gpu: Gpu, shape: Shape, module: string, params: PerDispatch<DrawParams>): GpuArray {
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(shape);
    const workgroups = flatGrid(gpu, vectorsOf(output.size));
    fillRandomKernel.dispatch(gpu, { output }, params, {
      workgroups,
      modules: { "draw.wgsl": module },
    });
    return output;
  });
}

/**
 * The generator's own words: four for each of the counters `counter, counter + 1, …` (the first
 * word is counted up).
 *
 * @returns `[blocks, 4]` u32
 */
export function philoxBits(
  gpu: Gpu,
  blocks: number,
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): GpuArray {
  const output = gpu.empty([blocks, 4], "u32");
  const [counter0, counter1, counter2, counter3] = counter;
  const [seed_low, seed_high] = key;
  const limit = gpu.maxWorkgroups;
  randomBitsKernel.dispatch(
    gpu,
    { output },
    { vectors: blocks, seed_low, seed_high, counter0, counter1, counter2, counter3 },
    { workgroups: foldGrid(ceilDiv(blocks, LANES), limit) },
  );
  return output;
}
