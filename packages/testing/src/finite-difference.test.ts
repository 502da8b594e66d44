import { expect, test } from "vitest";
import { directionalDerivative, dot, numericalGradient } from "./finite-difference.ts";

/** f(x) = Σ sin(xᵢ)·xᵢ₊₁, ∂f/∂xᵢ = cos(xᵢ)·xᵢ₊₁ + sin(xᵢ₋₁). */
const f = (x: Float64Array) =>
  x.reduce((sum, value, i) => sum + Math.sin(value) * (x[i + 1] ?? 0), 0);
const gradientOf = (x: readonly number[]) =>
  x.map((value, i) => Math.cos(value) * (x[i + 1] ?? 0) + (i > 0 ? Math.sin(x[i - 1] ?? 0) : 0));

const point = [0.3, -1.2, 0.8, 2.5];

test("the numerical gradient is the analytic one", () => {
  const numerical = numericalGradient(f, point);
  for (const [i, analytic] of gradientOf(point).entries()) {
    // Truncation h²·|f'''|/6 and rounding ε·|f|/h are both below 1e-10 here.
    expect(Math.abs((numerical[i] ?? Number.NaN) - analytic)).toBeLessThan(1e-9);
  }
});

test("the directional derivative is the gradient's projection", () => {
  const direction = [1, -0.5, 0.25, 0.75];
  const expected = dot(gradientOf(point), direction);
  expect(Math.abs(directionalDerivative(f, point, direction) - expected)).toBeLessThan(1e-9);
});

test("the point is left as it was", () => {
  const x = Float64Array.from(point);
  numericalGradient(f, x);
  directionalDerivative(f, x, point);
  expect([...x]).toEqual(point);
});

test("lengths that differ are named", () => {
  expect(() => directionalDerivative(f, point, [1])).toThrow(
    "directionalDerivative: x has 4 values, direction 1",
  );
  expect(() => dot([1, 2], [1])).toThrow("dot: a has 2 values, b 1");
});
