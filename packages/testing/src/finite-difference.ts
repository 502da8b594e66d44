/** A real function of many variables, computed in float64: a reference, never a kernel. */
export type ScalarFunction = (x: Float64Array) => number;

/**
 * Step of a central difference: ∛ε of float64, where truncation (∝ h²) and rounding (∝ ε / h)
 * balance. The error is then about ε^(2/3) ≈ 4e-11 of the function's scale.
 */
export const DIFFERENCE_STEP = Math.cbrt(Number.EPSILON);

/**
 * Directional derivative by central difference: `(f(x + h·v) − f(x − h·v)) / 2h`, to be compared
 * with `⟨gradient, v⟩`. Two evaluations whatever the number of variables.
 *
 * @param x         point, `n` values; left as it was
 * @param direction `v`, `n` values of the order of 1
 * @throws {RangeError} if `x` and `direction` differ in length
 */
export function directionalDerivative(
  f: ScalarFunction,
  x: ArrayLike<number>,
  direction: ArrayLike<number>,
  step = DIFFERENCE_STEP,
): number {
  if (x.length !== direction.length) {
    throw new RangeError(
      `directionalDerivative: x has ${x.length} values, direction ${direction.length}`,
    );
  }
  const ahead = Float64Array.from(x, (value, i) => value + step * direction[i]!);
  const behind = Float64Array.from(x, (value, i) => value - step * direction[i]!);
  return (f(ahead) - f(behind)) / (2 * step);
}

/**
 * Gradient by central differences, element by element: `2n` evaluations, for tiny arrays.
 *
 * @param x point, `n` values; left as it was
 * @returns `n` partial derivatives
 */
export function numericalGradient(
  f: ScalarFunction,
  x: ArrayLike<number>,
  step = DIFFERENCE_STEP,
): Float64Array {
  const point = Float64Array.from(x);
  return Float64Array.from(x, (value, i) => {
    point[i] = value + step;
    const ahead = f(point);
    point[i] = value - step;
    const behind = f(point);
    point[i] = value;
    return (ahead - behind) / (2 * step);
  });
}

/** `⟨a, b⟩ = Σᵢ aᵢ·bᵢ` in float64. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    throw new RangeError(`dot: a has ${a.length} values, b ${b.length}`);
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
