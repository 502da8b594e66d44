// The specification of a batched product: float64, plain loops.

/** Sizes of a batched product, and which operands are stored transposed. */
export interface BatchedMatmulSizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** `output[i, r, c] = scale · Σ_k a[i, r, k] · b[i, k, c]`, and Σ|terms|. */
export function batchedMatmulReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { batch, m, n, k, transposeA = false, transposeB = false }: BatchedMatmulSizes,
  scale = 1,
) {
  const data = new Float64Array(batch * m * n);
  const magnitude = new Float64Array(batch * m * n);
  let at = 0;
  for (let item = 0; item < batch; item++) {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++, at++) {
        for (let i = 0; i < k; i++) {
          const x = transposeA ? a[(item * k + i) * m + row]! : a[(item * m + row) * k + i]!;
          const y = transposeB ? b[(item * n + column) * k + i]! : b[(item * k + i) * n + column]!;
          data[at]! += scale * x * y;
          magnitude[at]! += Math.abs(scale * x * y);
        }
      }
    }
  }
  return { data, magnitude, shape: [batch, m, n] };
}
