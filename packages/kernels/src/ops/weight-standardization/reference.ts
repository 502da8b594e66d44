// Weight standardisation in float64, filter by filter.

/** Each filter of `[…, O]` less its mean, divided by its unbiased deviation + 1e-5. */
export function standardizeWeight(
  weight: ArrayLike<number>,
  shape: readonly number[],
): { data: Float64Array; magnitude: Float64Array; shape: readonly number[] } {
  const filters = shape.at(-1)!;
  const n = weight.length / filters;
  const data = new Float64Array(weight.length);
  const magnitude = new Float64Array(weight.length);
  for (let o = 0; o < filters; o++) {
    const values = Array.from({ length: n }, (_, i) => weight[i * filters + o]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const scale = 1 / (Math.sqrt(squares / (n - 1)) + 1e-5);
    const largest = Math.max(...values.map(Math.abs));
    values.forEach((value, i) => {
      data[i * filters + o] = (value - mean) * scale;
      // Differences are off by some ulps of the values, and the deviation inherits that once more.
      const spread = (Math.abs(value - mean) + 2 * largest) * scale;
      magnitude[i * filters + o] = spread * (1 + largest * scale);
    });
  }
  return { data, magnitude, shape };
}
