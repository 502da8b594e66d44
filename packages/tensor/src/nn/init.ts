// Initial values of parameters. Shapes are PyTorch's (`[O, I / groups, KH, KW]`, `[out, in]`), so
// that fan-in and fan-out mean what they mean there; values come from a seeded generator.

import { formatShape, numel, type Shape, ShapeError } from "@fauxgrad/kernels";
import type { Random } from "../random.ts";

/** Values for a parameter of PyTorch's `shape`, in PyTorch's order. */
export type Initializer = (shape: Shape, random: Random) => Float32Array<ArrayBuffer>;

/** What follows a layer, for {@link gain}. */
export type Nonlinearity = "linear" | "conv2d" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/** Which side of a layer keeps its variance: the forward pass (fan-in) or the backward pass. */
export type FanMode = "fanIn" | "fanOut";

/** Options of the Kaiming initialisers. */
export interface KaimingOptions {
  readonly mode?: FanMode;
  readonly nonlinearity?: Nonlinearity;
  /** Negative slope of the leaky ReLU. */
  readonly slope?: number;
}

/** All elements `value`. */
export function constant(value: number): Initializer {
  return (shape) => new Float32Array(numel(shape)).fill(value);
}

/** `U(low, high)` */
export function uniform(low: number, high: number): Initializer {
  return (shape, random) => {
    const values = new Float32Array(numel(shape));
    for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * random.uniform();
    return values;
  };
}

/** `N(mean, std²)` */
export function normal(mean = 0, std = 1): Initializer {
  return (shape, random) => {
    const values = new Float32Array(numel(shape));
    random.fillNormal(values);
    for (let i = 0; i < values.length; i++) values[i] = mean + std * values[i]!;
    return values;
  };
}

/**
 * Terms of one output (`fanIn = I / groups · KH · KW`) and uses of one input
 * (`fanOut = O · KH · KW`), as PyTorch counts them: groups do not divide the latter.
 *
 * @throws {ShapeError} for vectors and scalars
 */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs, inputs] = shape;
  if (outputs === undefined || inputs === undefined) {
    throw new ShapeError(
      `init: fan-in and fan-out need at least two axes\n  parameter  ${formatShape(shape)}\n` +
        "Use constant, uniform or normal for vectors.",
    );
  }
  const receptive = numel(shape.slice(2));
  return { fanIn: inputs * receptive, fanOut: outputs * receptive };
}

/** @see torch.nn.init.calculate_gain, which it matches */
export function gain(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (nonlinearity) {
    case "linear":
    case "conv2d":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + slope * slope));
    case "selu":
      return 3 / 4;
  }
}

function kaimingStd(shape: Shape, options: KaimingOptions): number {
  const { mode = "fanIn", nonlinearity = "leakyRelu", slope = 0 } = options;
  return gain(nonlinearity, slope) / Math.sqrt(fans(shape)[mode]);
}

/**
 * `N(0, gain² / fan)`: He et al., "Delving deep into rectifiers", 2015, equations 10 and 14.
 *
 * @see torch.nn.init.kaiming_normal_, whose defaults it has
 */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  return (shape, random) => normal(0, kaimingStd(shape, options))(shape, random);
}

/** `U(−b, b)` with `b = gain · √(3 / fan)`. @see torch.nn.init.kaiming_uniform_ */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  return (shape, random) => {
    const bound = Math.sqrt(3) * kaimingStd(shape, options);
    return uniform(-bound, bound)(shape, random);
  };
}

function xavierStd(shape: Shape, factor: number): number {
  const { fanIn, fanOut } = fans(shape);
  return factor * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * `N(0, gain² · 2 / (fanIn + fanOut))`: Glorot and Bengio, 2010.
 *
 * @see torch.nn.init.xavier_normal_
 */
export function xavierNormal(factor = 1): Initializer {
  return (shape, random) => normal(0, xavierStd(shape, factor))(shape, random);
}

/** `U(−b, b)` with `b = gain · √(6 / (fanIn + fanOut))`. @see torch.nn.init.xavier_uniform_ */
export function xavierUniform(factor = 1): Initializer {
  return (shape, random) => {
    const bound = Math.sqrt(3) * xavierStd(shape, factor);
    return uniform(-bound, bound)(shape, random);
  };
}

/**
 * PyTorch's default of convolutions and linear layers: `U(−1/√fanIn, 1/√fanIn)`, for the bias as
 * well. (It is written there as Kaiming uniform with slope √5, which is the same.)
 */
export function fanInUniform(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return uniform(-bound, bound);
}
