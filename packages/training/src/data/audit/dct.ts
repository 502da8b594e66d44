/**
 * The matrix of the orthonormal DCT-II, `[size, size]`, row `u` the frequency:
 * `c(u) · cos((2x + 1) u π / 2·size)` with `c(0) = √(1/size)`, else `√(2/size)`.
 */
export function dctMatrix(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let u = 0; u < size; u += 1) {
    const scale = Math.sqrt((u === 0 ? 1 : 2) / size);
    for (let x = 0; x < size; x += 1) {
      matrix[u * size + x] = scale * Math.cos(((2 * x + 1) * u * Math.PI) / (2 * size));
    }
  }
  return matrix;
}

/**
 * The `keep` × `keep` lowest frequencies of a square block, `coefficients[v, u]`: `v` down, `u`
 * across.
 *
 * @param matrix {@link dctMatrix} of `size`
 * @param at     index in `values` of the block's first value
 * @param stride values from one row of the block to the next
 */
export function dct2d(
  values: Float32Array,
  matrix: Float64Array,
  {
    size,
    keep = size,
    at = 0,
    stride = size,
  }: {
    readonly size: number;
    readonly keep?: number;
    readonly at?: number;
    readonly stride?: number;
  },
): Float64Array {
  const rows = new Float64Array(size * keep);
  for (let y = 0; y < size; y += 1) {
    for (let u = 0; u < keep; u += 1) {
      let sum = 0;
      for (let x = 0; x < size; x += 1) {
        sum += matrix[u * size + x]! * values[at + y * stride + x]!;
      }
      rows[y * keep + u] = sum;
    }
  }
  const coefficients = new Float64Array(keep * keep);
  for (let v = 0; v < keep; v += 1) {
    for (let u = 0; u < keep; u += 1) {
      let sum = 0;
      for (let y = 0; y < size; y += 1) sum += matrix[v * size + y]! * rows[y * keep + u]!;
      coefficients[v * keep + u] = sum;
    }
  }
  return coefficients;
}
