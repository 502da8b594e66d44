/**
 * The solution of `A x = b` for a symmetric, positive definite matrix, by Cholesky's factors:
 * `A = L Lᵀ`, then `L y = b` and `Lᵀ x = y`.
 *
 * @param matrix `[n, n]`, of which the lower triangle is read
 * @param vector `[n]`
 * @throws {RangeError} if the matrix is not positive definite
 */
export function solveSymmetric(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const lower = factorOf(matrix, n);
  const solution = vector.slice();
  for (let i = 0; i < n; i += 1) {
    let sum = solution[i]!;
    for (let k = 0; k < i; k += 1) sum -= lower[i * n + k]! * solution[k]!;
    solution[i] = sum / lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = solution[i]!;
    for (let k = i + 1; k < n; k += 1) sum -= lower[k * n + i]! * solution[k]!;
    solution[i] = sum / lower[i * n + i]!;
  }
  return solution;
}

function factorOf(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k += 1) sum -= lower[i * n + k]! * lower[j * n + k]!;
      if (i > j) {
        lower[i * n + j] = sum / lower[j * n + j]!;
        continue;
      }
      if (!(sum > 0)) {
        throw new RangeError(`solveSymmetric: the matrix is not positive definite, row ${i}`);
      }
      lower[i * n + i] = Math.sqrt(sum);
    }
  }
  return lower;
}
