// How the tests feed a network with the specification's deterministic fill (appendix A.1) and
// compare the gradient of its input with a line of appendix A.
import { type Gpu, ones, scope, type Tensor, tensor } from "@fauxgrad/tensor";
import type { HostTensorLike, Module } from "@fauxgrad/tensor/nn";
import { expect, fillByName } from "@fauxgrad/testing";
import { gradientToImage } from "./transforms/index.ts";

/** Scale and shift of the fill of one tensor. */
export type FillRule = (name: string, shape: readonly number[]) => readonly [number, number];

/** The discriminators' rule: constants are left out, so that the network makes them. */
export const discriminatorRule: FillRule = (name) =>
  name.endsWith("weight") ? [Math.sqrt(3), 0] : [0.1, 0];

/** The rule of the other networks. */
export const networkRule: FillRule = (name, shape) => {
  if (name.endsWith("running_var")) return [0.5, 1];
  if (name.endsWith("running_mean")) return [0.1, 0];
  if (name.endsWith("weight") && shape.length >= 2) {
    return [Math.sqrt(6 / shape.slice(1).reduce((product, size) => product * size, 1)), 0];
  }
  if (name.endsWith("bn3.weight")) return [0.05, 0.25];
  if (name.endsWith("weight")) return [0.2, 1];
  return [0.1, 0];
};

/** Every tensor of a network's state, filled; `lod`, counters and constant kernels are left out. */
export function filledState(network: Module, rule: FillRule): Map<string, HostTensorLike> {
  const state = new Map<string, HostTensorLike>();
  for (const [name, shape] of network.expectedState()) {
    const [scale, shift] = rule(name, shape);
    const size = shape.reduce((product, length) => product * length, 1);
    if (name.endsWith("num_batches_tracked")) {
      state.set(name, { dtype: "int64", shape, data: BigInt64Array.of(0n) });
    } else if (name === "lod") state.set(name, { dtype: "float32", shape, data: [0] });
    else if (!name.endsWith(".kernel")) {
      state.set(name, { dtype: "float32", shape, data: fillByName(name, size, scale, shift) });
    }
  }
  return state;
}

/** `[N, C, H, W]` to `[N, H, W, C]`. */
export function toChannelsLast(
  values: Float32Array,
  [n, c, h, w]: readonly [number, number, number, number],
): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const x = i % w;
    const y = Math.floor(i / w) % h;
    const channel = Math.floor(i / (w * h)) % c;
    const sample = Math.floor(i / (w * h * c));
    moved[((sample * h + y) * w + x) * c + channel] = values[i]!;
  }
  expect(moved.length).toBe(n * c * h * w);
  return moved;
}

/** The specification's `image`, `[N, size, size, 3]`. */
export function image(count: number, size: number): Float32Array<ArrayBuffer> {
  const shape = [count, 3, size, size] as const;
  return toChannelsLast(fillByName("image", count * 3 * size * size), shape);
}

/** A network's output, and the gradient of its sum with respect to the input. */
export interface InputGradient {
  readonly output: Float32Array;
  /** `[N, H, W, 3]` */
  readonly gradient: Float32Array;
}

/** The weights must be frozen. */
export async function inputGradient(
  gpu: Gpu,
  network: { forward(input: Tensor): Tensor },
  pixels: Float32Array,
  shape: readonly number[],
): Promise<InputGradient> {
  return scope(async () => {
    const input = tensor(gpu, pixels, shape, { requiresGrad: true });
    const output = network.forward(input);
    output.backward(ones(gpu, output.shape));
    const values = output.read();
    const gradient = input.grad?.read();
    if (gradient === undefined) throw new Error("no gradient reached the input");
    return { output: await values, gradient: await gradient };
  });
}

/** One sample of appendix A: statistics of its gradient G, and of the bytes made from G. */
export interface GradientVector {
  readonly sum: number;
  readonly l1: number;
  readonly l2: number;
  readonly min: number;
  readonly max: number;
  /** G(0, 0, 0), G(1, H/2, W/2), G(2, H−1, W−1), G(0, ⌊H/3⌋, W/4). */
  readonly points: readonly [number, number, number, number];
  /** The bytes at the same points. */
  readonly bytes: readonly [number, number, number, number];
  readonly byteSum: number;
}

/** Statistics of one sample's gradient `[size, size, 3]`, as the specification prints them. */
export function describeGradient(gradient: Float32Array, size: number): GradientVector {
  const picture = gradientToImage(gradient, { width: size, height: size }).data;
  const half = Math.floor(size / 2);
  const places = [
    [0, 0, 0],
    [1, half, half],
    [2, size - 1, size - 1],
    [0, Math.floor(size / 3), Math.floor(size / 4)],
  ] as const;
  const pick = (values: ArrayLike<number>) =>
    places.map(([c, y, x]) => values[(y * size + x) * 3 + c]!) as [number, number, number, number];
  const total = (values: ArrayLike<number>, term: (value: number) => number) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += term(values[i]!);
    return sum;
  };
  return {
    sum: total(gradient, (value) => value),
    l1: total(gradient, Math.abs),
    l2: Math.sqrt(total(gradient, (value) => value * value)),
    min: gradient.reduce((least, value) => Math.min(least, value)),
    max: gradient.reduce((most, value) => Math.max(most, value)),
    points: pick(gradient),
    bytes: pick(picture),
    byteSum: total(picture, (value) => value),
  };
}

/** How far a gradient may be from its vector. */
export interface GradientTolerance {
  /** Relative error in the L2 norm. */
  readonly relative: number;
  /** Levels that a byte may differ by. */
  readonly bytes: number;
  /** Share of the sum of bytes. */
  readonly byteSum: number;
}

/**
 * Compares a gradient with a vector: norms relatively; a sum by the L1 norm, of which it is a part;
 * single elements by the largest, of which f32 errors are a share.
 */
export function expectGradient(
  gradient: Float32Array,
  size: number,
  expected: GradientVector,
  { relative, bytes, byteSum }: GradientTolerance,
): void {
  const found = describeGradient(gradient, size);
  const largest = Math.max(-expected.min, expected.max);
  const close = (name: string, actual: number, wanted: number, scale: number) =>
    expect(Math.abs(actual - wanted), `${name}: ${actual}, expected ${wanted}`).toBeLessThanOrEqual(
      relative * scale,
    );
  close("L1", found.l1, expected.l1, expected.l1);
  close("L2", found.l2, expected.l2, expected.l2);
  close("sum", found.sum, expected.sum, expected.l1);
  close("min", found.min, expected.min, largest);
  close("max", found.max, expected.max, largest);
  for (const [i, point] of expected.points.entries()) {
    close(`point ${i}`, found.points[i]!, point, largest);
    const difference = Math.abs(found.bytes[i]! - expected.bytes[i]!);
    expect(difference, `byte ${i}`).toBeLessThanOrEqual(bytes);
  }
  const drift = Math.abs(found.byteSum - expected.byteSum);
  expect(drift, `sum of bytes: ${found.byteSum}`).toBeLessThanOrEqual(byteSum * expected.byteSum);
}
