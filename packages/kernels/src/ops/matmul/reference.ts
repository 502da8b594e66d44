// The specification of matmul: float64, plain loops.

/** `output[m, n] = Σ_k a[m, k] · b[k, n]`, and Σ|terms|. */
export function matmulReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  k: number,
  n: number,
) {
  const data = new Float64Array(m * n);
  const magnitude = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      for (let i = 0; i < k; i++) {
        const product = a[row * k + i]! * b[i * n + column]!;
        data[row * n + column]! += product;
        magnitude[row * n + column]! += Math.abs(product);
      }
    }
  }
  return { data, magnitude, shape: [m, n] };
}
