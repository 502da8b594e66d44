import { type Normalized, normalize } from "../channel-norm/reference.ts";
import { unaryReferences } from "../elementwise/reference.ts";

/** Which of the `N · groups` groups an element of an array `[N, …, C]` belongs to. */
export function groupOf(shape: readonly number[], groups: number): (element: number) => number {
  const channels = shape.at(-1)!;
  const perSample = shape.slice(1).reduce((product, size) => product * size, 1);
  const size = channels / groups;
  return (i) => Math.floor(i / perSample) * groups + Math.floor((i % channels) / size);
}

/** Group normalisation in float64. */
export function groupNorm(
  x: ArrayLike<number>,
  shape: readonly number[],
  groups: number,
  weight: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  eps: number,
): Normalized {
  return normalize(x, weight, bias, { shape, groupOf: groupOf(shape, groups), eps });
}

/** {@link groupNorm}, times its own sigmoid. */
export function groupNormSilu(
  x: ArrayLike<number>,
  shape: readonly number[],
  groups: number,
  weight: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  eps: number,
): Normalized {
  const normalized = groupNorm(x, shape, groups, weight, bias, eps);
  const data = normalized.data.map((y) => unaryReferences.silu.forward(y, {}));
  // |silu'| ≤ 1.1; the exponential's own error is 3 + 2|y| ulps of the result.
  const magnitude = normalized.magnitude.map(
    (size, i) => 1.1 * size + Math.abs(data[i]!) * (3 + 2 * Math.abs(normalized.data[i]!)),
  );
  return { ...normalized, data, magnitude };
}
