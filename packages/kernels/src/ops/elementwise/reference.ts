// The pointwise ops in float64, straight from their definitions.

import { broadcastShapes, numel, type Shape } from "../../shape.ts";
import { broadcastStrides } from "./broadcast.ts";
import type { BinaryName, UnaryName } from "./table.ts";

/** The parameters of a row, by name. */
export type Params = Readonly<Record<string, number>>;

/** A pointwise function of one array. */
export interface UnaryReference {
  readonly forward: (x: number, params: Params) => number;
  /** dy/dx in terms of what the op saves (`unaryTable[name].saves`). */
  readonly derivative: (saved: number, params: Params) => number;
  /**
   * What the error of the kernel is proportional to, `|y|` by default: where WGSL bounds a built-in
   * by an absolute error, or by more ulps further out.
   */
  readonly magnitude?: (x: number) => number;
}

const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const leak = (x: number, { slope = 0.01, gain = 1 }: Params) => gain * (x > 0 ? x : slope * x);
/** WGSL grants `exp` 3 + 2|x| ulps. */
const expGrowth = (x: number) => 3 + 2 * Math.abs(x);
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** `Φ(x)`: the power series of erf, or the continued fraction of erfc in the tail. */
export function normalCdf(x: number): number {
  const t = Math.abs(x);
  if (t < 3) {
    // Φ(x) − ½ = φ(x) · Σ x^(2k+1) / (1·3·5···(2k+1))
    let term = x;
    let sum = x;
    for (let k = 1; k < 120; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density(x) * sum;
  }
  // 1 − Φ(t) = φ(t) / (t + 1 / (t + 2 / (t + 3 / …)))
  let fraction = t;
  for (let k = 200; k > 0; k--) fraction = t + k / fraction;
  const tail = density(t) / fraction;
  return x < 0 ? tail : 1 - tail;
}

/** The functions of `unaryTable`. */
export const unaryReferences: Readonly<Record<UnaryName, UnaryReference>> = {
  relu: { forward: (x) => Math.max(x, 0), derivative: (y) => (y <= 0 ? 0 : 1) },
  leakyRelu: {
    forward: leak,
    derivative: (y, { slope = 0.01, gain = 1 }) => gain * (y > 0 ? 1 : slope),
  },
  silu: {
    forward: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
    magnitude: (x) => Math.abs(x * sigmoid(x)) * expGrowth(x),
  },
  sigmoid: {
    forward: sigmoid,
    derivative: (y) => y * (1 - y),
    magnitude: (x) => sigmoid(x) * expGrowth(x),
  },
  tanh: {
    forward: Math.tanh,
    derivative: (y) => 1 - y * y,
    magnitude: (x) => Math.abs(Math.tanh(x)),
  },
  gelu: {
    forward: (x) => x * normalCdf(x),
    derivative: (x) => normalCdf(x) + x * density(x),
    magnitude: (x) => Math.abs(x),
  },
  exp: {
    forward: Math.exp,
    derivative: (y) => y,
    magnitude: (x) => Math.exp(x) * expGrowth(x),
  },
  // WGSL: 2⁻²¹ absolute between ½ and 2.
  log: {
    forward: Math.log,
    derivative: (x) => 1 / x,
    magnitude: (x) => Math.max(1, Math.abs(Math.log(x))),
  },
  sqrt: { forward: Math.sqrt, derivative: (y) => 0.5 / y },
  neg: { forward: (x) => -x, derivative: () => -1 },
  abs: { forward: Math.abs, derivative: (x) => Math.sign(x) },
  reciprocal: { forward: (x) => 1 / x, derivative: (y) => -y * y },
  square: { forward: (x) => x * x, derivative: (x) => 2 * x },
  softplus: {
    forward: softplus,
    derivative: sigmoid,
    magnitude: (x) => softplus(x) + Math.exp(-Math.abs(x)) * expGrowth(x),
  },
  clamp: {
    forward: (x, { min = -Infinity, max = Infinity }) => Math.min(Math.max(x, min), max),
    derivative: (x, { min = -Infinity, max = Infinity }) => (x >= min && x <= max ? 1 : 0),
  },
  affine: {
    forward: (x, { scale = 1, shift = 0 }) => scale * x + shift,
    derivative: (_, { scale = 1 }) => scale,
  },
};

/** A function of two numbers, and of the two parameters of its row. */
export type BinaryReference = (a: number, b: number, alpha: number, beta: number) => number;

const share = (wins: boolean, ties: boolean) => (wins ? 1 : ties ? 0.5 : 0);

/** The functions of `binaryTable`. */
export const binaryReferences: Readonly<Record<BinaryName, BinaryReference>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  maximumShare: (a, b) => share(a > b, a === b),
  minimumShare: (a, b) => share(a < b, a === b),
  equal: (a, b) => (a === b ? 1 : 0),
  gate: (a, b) => a * sigmoid(b),
  gateSlope: (a, b) => a * sigmoid(b) * (1 - sigmoid(b)),
  biasActivation: (a, b, slope, gain) => leak(a + b, { slope, gain }),
  bceWithLogits: (a, b) => softplus(a) - a * b,
  bceWithLogitsGrad: (a, b, alpha) => alpha * (sigmoid(a) - b),
};

/** An array in float64. */
export interface HostArray {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

/** Applies a binary function under broadcasting, one multi-index at a time. */
export function binaryReference(
  name: BinaryName,
  a: HostArray,
  b: HostArray,
  alpha = 0,
  beta = 0,
): { data: Float64Array; shape: number[] } {
  const shape = broadcastShapes(name, a.shape, b.shape);
  const stepsA = broadcastStrides(a.shape, shape);
  const stepsB = broadcastStrides(b.shape, shape);
  const data = new Float64Array(numel(shape));
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let atA = 0;
    let atB = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const index = rest % shape[axis]!;
      rest = (rest - index) / shape[axis]!;
      atA += index * stepsA[axis]!;
      atB += index * stepsB[axis]!;
    }
    data[i] = binaryReferences[name](a.data[atA]!, b.data[atB]!, alpha, beta);
  }
  return { data, shape };
}
