import { expect } from "vitest";
import { elementCount, toCoordinates } from "./coordinates.ts";

/** What an array ought to be: the result of a float64 reference. */
export interface Reference {
  /** Row-major, float64. */
  readonly data: Float64Array;
  /** Σ|terms| of each element: what its rounding errors are proportional to. Default: |data|. */
  readonly magnitude?: Float64Array;
  readonly shape: readonly number[];
}

/** How far f32 arithmetic may lead away from the reference. */
export interface ReferenceTolerance {
  /** Number of roundings that one element sums up: `K` for a sum of `K` products. */
  readonly terms: number;
  /** Ulps of the result granted besides, for functions that WGSL specifies in ulps. Default 0. */
  readonly ulps?: number;
}

/** Unit roundoff of f32: one operation is wrong by at most this much, relatively. */
const UNIT_ROUNDOFF = 2 ** -24;
/** Smallest normal f32: WGSL lets an implementation flush anything below to zero. */
const SMALLEST_NORMAL = 2 ** -126;
const ROWS_AROUND_WORST = 3;

interface Comparison {
  readonly mismatches: number;
  /** Index of the largest excess over the bound; the closest call when nothing exceeds it. */
  readonly worst: number;
}

/** `|actual − expected| ≤ terms · 2⁻²⁴ · magnitude + ulps · 2⁻²³ · |expected| + 2⁻¹²⁶` */
function boundAt(reference: Reference, tolerance: ReferenceTolerance, i: number): number {
  const expected = Math.abs(reference.data[i]!);
  const magnitude = reference.magnitude === undefined ? expected : reference.magnitude[i]!;
  const ulps = tolerance.ulps ?? 0;
  return tolerance.terms * UNIT_ROUNDOFF * magnitude + ulps * 2 ** -23 * expected + SMALLEST_NORMAL;
}

/** Error in units of the bound: above 1 is a mismatch. */
function excess(actual: number, expected: number, bound: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  if (Number.isNaN(actual) && Number.isNaN(expected)) return 0;
  // Infinities and lone NaNs: what f32 cannot hold may overflow, nothing else may.
  if (!Number.isFinite(actual)) return actual === Math.fround(expected) ? 0 : Infinity;
  // An infinite bound would let everything pass.
  const ratio = Number.isFinite(bound) ? Math.abs(actual - expected) / bound : Infinity;
  return Number.isNaN(ratio) ? Infinity : ratio;
}

function compare(
  actual: ArrayLike<number>,
  reference: Reference,
  tolerance: ReferenceTolerance,
): Comparison {
  let mismatches = 0;
  let worst = 0;
  let worstExcess = -1;
  for (let i = 0; i < actual.length; i++) {
    const ratio = excess(actual[i]!, reference.data[i]!, boundAt(reference, tolerance, i));
    if (ratio > 1) mismatches++;
    if (ratio > worstExcess) {
      worstExcess = ratio;
      worst = i;
    }
  }
  return { mismatches, worst };
}

function tableAround(
  worst: number,
  actual: ArrayLike<number>,
  reference: Reference,
  tolerance: ReferenceTolerance,
): string {
  const first = Math.max(0, worst - ROWS_AROUND_WORST);
  const last = Math.min(actual.length - 1, worst + ROWS_AROUND_WORST);
  const rows = [["", "element", "actual", "expected", "error", "bound"]];
  for (let i = first; i <= last; i++) {
    const expected = reference.data[i]!;
    rows.push([
      i === worst ? ">" : "",
      `[${toCoordinates(i, reference.shape).join(", ")}]`,
      formatValue(actual[i]!),
      formatValue(expected),
      Math.abs(actual[i]! - expected).toExponential(2),
      boundAt(reference, tolerance, i).toExponential(2),
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number) => cell.padStart(widths[column]!);
  return rows.map((row) => row.map(pad).join("  ")).join("\n");
}

function formatValue(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(9) : String(value);
}

/** What is wrong with the operands themselves, or null. */
function operandProblem(
  actual: ArrayLike<number>,
  { data, magnitude, shape }: Reference,
  { terms, ulps = 0 }: ReferenceTolerance,
): string | null {
  const count = elementCount(shape);
  if (data.length !== count) {
    return `the reference has ${data.length} elements, its shape [${shape.join(", ")}] ${count}`;
  }
  if (magnitude !== undefined && magnitude.length !== count) {
    return `the reference has ${count} elements, its magnitude ${magnitude.length}`;
  }
  if (!(terms >= 0) || !(ulps >= 0)) return `terms = ${terms} and ulps = ${ulps} must be ≥ 0`;
  if (actual.length !== count) {
    return `actual has ${actual.length} elements, the reference [${shape.join(", ")}] ${count}`;
  }
  return null;
}

expect.extend({
  toMatchReference(actual: ArrayLike<number>, reference: Reference, tolerance: ReferenceTolerance) {
    const problem = operandProblem(actual, reference, tolerance);
    // Not a matter of values: `.not` must not turn it into a success.
    if (problem !== null) throw new Error(`toMatchReference: ${problem}`);
    const { mismatches, worst } = compare(actual, reference, tolerance);
    const where = `[${toCoordinates(worst, reference.shape).join(", ")}]`;
    const shape = `[${reference.shape.join(", ")}]`;
    return {
      pass: mismatches === 0,
      message: () =>
        [
          mismatches === 0
            ? `expected a difference, but all of ${shape} match; closest to the bound at ${where}`
            : `${mismatches} of ${actual.length} elements of ${shape} differ; worst at ${where}`,
          tableAround(worst, actual, reference, tolerance),
        ].join("\n"),
    };
  },
});

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: merging requires vitest's own type parameter
  interface Matchers<T = any> {
    /**
     * Every element is within the error that f32 arithmetic can explain:
     * `|actual − data| ≤ terms · 2⁻²⁴ · magnitude + ulps · 2⁻²³ · |data| + 2⁻¹²⁶`.
     */
    toMatchReference(reference: Reference, tolerance: ReferenceTolerance): void;
  }
}

export { expect };
