import { type Normalized, normalize } from "../channel-norm/reference.ts";

/** Batch normalisation in float64 by the moments of the batch itself. */
export function batchNorm(
  x: ArrayLike<number>,
  shape: readonly number[],
  weight: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  eps: number,
): Normalized {
  const channels = shape.at(-1)!;
  return normalize(x, weight, bias, { shape, groupOf: (i) => i % channels, eps });
}

/** Batch normalisation with given moments. */
export function batchNormEval(
  x: ArrayLike<number>,
  shape: readonly number[],
  weight: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  eps: number,
): { data: Float64Array; magnitude: Float64Array; shape: readonly number[] } {
  const channels = shape.at(-1)!;
  const data = new Float64Array(x.length);
  const magnitude = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const c = i % channels;
    const scale = (weight === null ? 1 : weight[c]!) / Math.sqrt(variance[c]! + eps);
    const offset = bias === null ? 0 : bias[c]!;
    data[i] = (x[i]! - mean[c]!) * scale + offset;
    magnitude[i] = (Math.abs(x[i]!) + Math.abs(mean[c]!)) * Math.abs(scale) + Math.abs(offset);
  }
  return { data, magnitude, shape };
}
