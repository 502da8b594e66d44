// Normalisation in float64: elements of one group share a mean and a biased variance. Batch, group
// and layer normalisation differ only in what a group is.

/** Which group, and which channel's weight and bias, an element has. */
export interface Grouping {
  readonly shape: readonly number[];
  readonly groupOf: (element: number) => number;
  readonly eps: number;
}

/** Result of {@link normalize}. */
export interface Normalized {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
  readonly shape: readonly number[];
  /** By group. */
  readonly mean: number[];
  readonly variance: number[];
}

interface Group {
  readonly members: number[];
  readonly mean: number;
  readonly variance: number;
  /** Largest |x|: a difference from the mean is off by some ulps of it. */
  readonly largest: number;
  /** `1 / √(variance + eps)` */
  readonly scale: number;
}

function groupsOf(x: ArrayLike<number>, { groupOf, eps }: Grouping): Group[] {
  const lists: number[][] = [];
  for (let i = 0; i < x.length; i++) {
    const list = lists[groupOf(i)] ?? [];
    list.push(i);
    lists[groupOf(i)] = list;
  }
  return lists.map((members) => {
    let sum = 0;
    let largest = 0;
    for (const i of members) {
      sum += x[i]!;
      largest = Math.max(largest, Math.abs(x[i]!));
    }
    const mean = sum / members.length;
    let squares = 0;
    for (const i of members) squares += (x[i]! - mean) ** 2;
    const variance = squares / members.length;
    return { members, mean, variance, largest, scale: 1 / Math.sqrt(variance + eps) };
  });
}

/** `(x − mean) / √(variance + eps) · weight + bias`; channels are the last axis. */
export function normalize(
  x: ArrayLike<number>,
  weight: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  grouping: Grouping,
): Normalized {
  const channels = grouping.shape.at(-1)!;
  const data = new Float64Array(x.length);
  const magnitude = new Float64Array(x.length);
  const groups = groupsOf(x, grouping);
  for (const { members, mean, scale, largest } of groups) {
    for (const i of members) {
      const w = weight === null ? 1 : weight[i % channels]!;
      const b = bias === null ? 0 : bias[i % channels]!;
      const normalized = (x[i]! - mean) * scale;
      data[i] = normalized * w + b;
      // The scale inherits the error of the differences, once more.
      const spread = Math.abs(normalized) + 2 * largest * scale;
      magnitude[i] = spread * (1 + largest * scale) * Math.abs(w) + Math.abs(b);
    }
  }
  return {
    data,
    magnitude,
    shape: grouping.shape,
    mean: groups.map((group) => group.mean),
    variance: groups.map((group) => group.variance),
  };
}

/**
 * Sums of the absolute terms of the gradients of `⟨normalize(x), g⟩`:
 * `s·(w·g − mean(w·g) − x̂·mean(w·g·x̂))`, `Σ g·x̂` and `Σ g`.
 */
export function gradientMagnitudes(
  x: ArrayLike<number>,
  g: ArrayLike<number>,
  weight: ArrayLike<number> | null,
  grouping: Grouping,
): { input: Float64Array; weight: Float64Array; bias: Float64Array } {
  const channels = grouping.shape.at(-1)!;
  const result = {
    input: new Float64Array(x.length),
    weight: new Float64Array(channels),
    bias: new Float64Array(channels),
  };
  for (const { members, mean, scale, largest } of groupsOf(x, grouping)) {
    const spread = (i: number) => {
      const off = largest * scale;
      return (Math.abs(x[i]! - mean) * scale + 2 * off) * (1 + off);
    };
    const slope = (i: number) => Math.abs(g[i]! * (weight === null ? 1 : weight[i % channels]!));
    let slopes = 0;
    let products = 0;
    for (const i of members) {
      slopes += slope(i) / members.length;
      products += (slope(i) * spread(i)) / members.length;
      result.weight[i % channels]! += Math.abs(g[i]!) * spread(i);
      result.bias[i % channels]! += Math.abs(g[i]!);
    }
    for (const i of members) {
      result.input[i] = scale * (1 + largest * scale) * (slope(i) + slopes + spread(i) * products);
    }
  }
  return result;
}
