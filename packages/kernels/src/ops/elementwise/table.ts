// Every pointwise op is one row: its WGSL and its derivative. A row missing from a table typed by
// name does not compile, here as in reference.ts, which holds the same ops in float64.

/** Pointwise functions of one array. */
export type UnaryName =
  | "relu"
  | "leakyRelu"
  | "silu"
  | "sigmoid"
  | "tanh"
  | "gelu"
  | "exp"
  | "log"
  | "sqrt"
  | "neg"
  | "abs"
  | "reciprocal"
  | "square"
  | "softplus"
  | "clamp"
  | "affine";

/** One pointwise function and its derivative. */
export interface UnarySpec {
  /** WGSL expression in `x`, `params.alpha` and `params.beta`. */
  readonly forward: string;
  /** WGSL expression of dy/dx in `saved`, `params.alpha` and `params.beta`. */
  readonly derivative: string;
  /** What the derivative is computed from. */
  readonly saves: "input" | "output" | "nothing";
  /** At most two, in the order alpha, beta, with their defaults. */
  readonly parameters: Readonly<Record<string, number>>;
}

const NONE = {};

/** WGSL of the pointwise functions of one array. */
export const unaryTable = {
  // NaN fails every comparison: it falls through to x, as in PyTorch.
  relu: {
    forward: "select(x, 0.0, x <= 0.0)",
    derivative: "select(1.0, 0.0, saved <= 0.0)",
    saves: "output",
    parameters: NONE,
  },
  // gain > 0 and slope >= 0, so the output has the sign of the input.
  leakyRelu: {
    forward: "params.beta * select(params.alpha * x, x, x > 0.0)",
    derivative: "params.beta * select(params.alpha, 1.0, saved > 0.0)",
    saves: "output",
    parameters: { slope: 0.01, gain: 1 },
  },
  silu: {
    forward: "x * sigmoid(x)",
    derivative: "sigmoid(saved) * (1.0 + saved * sigmoid(-saved))",
    saves: "input",
    parameters: NONE,
  },
  sigmoid: {
    forward: "sigmoid(x)",
    derivative: "saved * (1.0 - saved)",
    saves: "output",
    parameters: NONE,
  },
  tanh: {
    forward: "hyperbolic_tangent(x)",
    derivative: "(1.0 - saved) * (1.0 + saved)",
    saves: "output",
    parameters: NONE,
  },
  gelu: {
    forward: "x * normal_cdf(x)",
    derivative: "gelu_derivative(saved)",
    saves: "input",
    parameters: NONE,
  },
  exp: { forward: "exp(x)", derivative: "saved", saves: "output", parameters: NONE },
  log: { forward: "log(x)", derivative: "1.0 / saved", saves: "input", parameters: NONE },
  sqrt: { forward: "sqrt(x)", derivative: "0.5 / saved", saves: "output", parameters: NONE },
  neg: { forward: "-x", derivative: "-1.0", saves: "nothing", parameters: NONE },
  abs: { forward: "abs(x)", derivative: "sign(saved)", saves: "input", parameters: NONE },
  reciprocal: {
    forward: "1.0 / x",
    derivative: "-saved * saved",
    saves: "output",
    parameters: NONE,
  },
  square: { forward: "x * x", derivative: "2.0 * saved", saves: "input", parameters: NONE },
  softplus: {
    forward: "softplus(x)",
    derivative: "sigmoid(saved)",
    saves: "input",
    parameters: NONE,
  },
  // Not clamp(): that may turn NaN into a bound.
  clamp: {
    forward: "select(select(x, params.beta, x > params.beta), params.alpha, x < params.alpha)",
    derivative: "select(1.0, 0.0, saved < params.alpha || saved > params.beta)",
    saves: "input",
    parameters: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  },
  affine: {
    forward: "fma(params.alpha, x, params.beta)",
    derivative: "params.alpha",
    saves: "nothing",
    parameters: { scale: 1, shift: 0 },
  },
} as const satisfies Record<UnaryName, UnarySpec>;

/** Parameters of a pointwise function by name; what is left out has its default. */
export type UnaryParams<N extends UnaryName> = {
  readonly [K in keyof (typeof unaryTable)[N]["parameters"]]?: number;
};

/** Pointwise functions of two arrays that broadcast. */
export type BinaryName =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "maximumShare"
  | "minimumShare"
  | "equal"
  | "gate"
  | "gateSlope"
  | "biasActivation"
  | "bceWithLogits"
  | "bceWithLogitsGrad";

/** One pointwise function of two arrays. */
export interface BinarySpec {
  /** WGSL expression in `a`, `b` (both f32), `params.alpha` and `params.beta`. */
  readonly forward: string;
}

/** WGSL of the pointwise functions of two arrays. */
export const binaryTable = {
  add: { forward: "a + b" },
  sub: { forward: "a - b" },
  mul: { forward: "a * b" },
  div: { forward: "a / b" },
  // A NaN on either side wins: as `a` by its bits, as `b` because a > NaN is false.
  maximum: { forward: "select(b, a, a > b || is_nan(a))" },
  minimum: { forward: "select(b, a, a < b || is_nan(a))" },
  // The part of the gradient that goes to `a`: ties are split evenly, as in PyTorch.
  maximumShare: { forward: "select(select(0.0, 0.5, a == b), 1.0, a > b)" },
  minimumShare: { forward: "select(select(0.0, 0.5, a == b), 1.0, a < b)" },
  equal: { forward: "select(0.0, 1.0, a == b)" },
  // a: input, b: logit of the gate.
  gate: { forward: "a * sigmoid(b)" },
  // a: gradient of the gate's value, b: its logit.
  gateSlope: { forward: "a * sigmoid(b) * sigmoid(-b)" },
  // a: input, b: bias; alpha: slope, beta: gain.
  biasActivation: {
    forward: "params.beta * (a + b) * select(params.alpha, 1.0, a + b > 0.0)",
  },
  // a: logit z, b: target y. max(z, 0) - z y + ln(1 + e^-|z|).
  bceWithLogits: {
    forward: "select(a, 0.0, a <= 0.0) - a * b + log1p_unit(exp(-abs(a)))",
  },
  // alpha: what the loss is divided by, inverted.
  bceWithLogitsGrad: { forward: "params.alpha * (sigmoid(a) - b)" },
} as const satisfies Record<BinaryName, BinarySpec>;
