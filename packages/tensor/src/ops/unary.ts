import type { UnaryName, UnaryParams } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/** Applies a row of the table of pointwise functions; its derivative saves what the row says. */
function apply<N extends UnaryName>(
  name: N,
  input: Tensor,
  params: UnaryParams<N> = {} as UnaryParams<N>,
): Tensor {
  const { gpu } = input;
  const output = kernels.unary(gpu, name, input.data, params);
  const saves = kernels.unarySaves(name);
  const saved = saves === "input" ? input.data : saves === "output" ? output : null;
  return record({
    op: name,
    output,
    inputs: [input],
    saved: [saved],
    backward: (gradOutput, _needs, [kept]) => [
      kernels.unaryGrad(gpu, name, gradOutput, kept, params),
    ],
  });
}

/** `max(x, 0)`; derivative 0 at 0. */
export const relu = (input: Tensor): Tensor => apply("relu", input);

/** `gain · (x > 0 ? x : slope · x)`; derivative `gain · slope` at 0. */
export function leakyRelu(input: Tensor, slope = 0.01, gain = 1): Tensor {
  return apply("leakyRelu", input, { slope, gain });
}

/** `x · sigmoid(x)` */
export const silu = (input: Tensor): Tensor => apply("silu", input);

/** `1 / (1 + e⁻ˣ)` */
export const sigmoid = (input: Tensor): Tensor => apply("sigmoid", input);

/** Hyperbolic tangent. */
export const tanh = (input: Tensor): Tensor => apply("tanh", input);

/** `x · Φ(x)` with the exact normal distribution function, not the tanh approximation. */
export const gelu = (input: Tensor): Tensor => apply("gelu", input);

/** `eˣ` */
export const exp = (input: Tensor): Tensor => apply("exp", input);

/** Natural logarithm. */
export const log = (input: Tensor): Tensor => apply("log", input);

/** `√x` */
export const sqrt = (input: Tensor): Tensor => apply("sqrt", input);

/** `−x` */
export const neg = (input: Tensor): Tensor => apply("neg", input);

/** `|x|`; derivative 0 at 0. */
export const abs = (input: Tensor): Tensor => apply("abs", input);

/** `1 / x` */
export const reciprocal = (input: Tensor): Tensor => apply("reciprocal", input);

/** `x²` */
export const square = (input: Tensor): Tensor => apply("square", input);

/** `ln(1 + eˣ)` */
export const softplus = (input: Tensor): Tensor => apply("softplus", input);

/** `min(max(x, min), max)`; derivative 1 inside and at the bounds. */
export function clamp(
  input: Tensor,
  {
    min = Number.NEGATIVE_INFINITY,
    max = Number.POSITIVE_INFINITY,
  }: { min?: number; max?: number },
): Tensor {
  return apply("clamp", input, { min, max });
}

/** `scale · x + shift` */
export function affine(input: Tensor, scale: number, shift = 0): Tensor {
  return apply("affine", input, { scale, shift });
}
