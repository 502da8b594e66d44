import { type Normalized, normalize } from "../channel-norm/reference.ts";

/** Layer normalisation over the last axis in float64. */
export function layerNorm(
  x: ArrayLike<number>,
  shape: readonly number[],
  weight: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  eps: number,
): Normalized {
  const channels = shape.at(-1)!;
  return normalize(x, weight, bias, { shape, groupOf: (i) => Math.floor(i / channels), eps });
}
