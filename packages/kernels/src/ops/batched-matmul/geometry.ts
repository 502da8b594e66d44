import { ShapeError } from "../../errors.ts";
import { formatShape, numel, type Shape, sameShape } from "../../shape.ts";

/** Which operands lie in memory as the transposes of what is multiplied. */
export interface BatchedMatmulOptions {
  /** `a` is `[…, K, M]`. */
  readonly transposeA?: boolean;
  /** `b` is `[…, N, K]`. */
  readonly transposeB?: boolean;
}

/** The resolved sizes of `[…, M, K] × […, K, N] → […, M, N]`. */
export interface BatchedMatmulGeometry {
  /** Product of the leading axes. */
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: Shape;
  readonly b: Shape;
  readonly output: Shape;
}

/**
 * Resolves a batched product.
 *
 * @param a `[…, M, K]`, or `[…, K, M]` with `transposeA`
 * @param b `[…, K, N]`, or `[…, N, K]` with `transposeB`
 * @throws {ShapeError} if leading axes or inner sizes do not agree
 */
export function batchedMatmulGeometry(
  a: Shape,
  b: Shape,
  { transposeA = false, transposeB = false }: BatchedMatmulOptions = {},
): BatchedMatmulGeometry {
  const lead = a.slice(0, -2);
  const [rows = 0, depth = 0] = transposeA ? a.slice(-2).reverse() : a.slice(-2);
  const [inner = 0, columns = 0] = transposeB ? b.slice(-2).reverse() : b.slice(-2);
  const fits = a.length >= 2 && b.length >= 2 && depth === inner;
  if (!fits || !sameShape(lead, b.slice(0, -2))) {
    const note = (transposed: boolean) => (transposed ? ", transposed" : "");
    throw new ShapeError(
      "batchedMatmul: leading axes or inner sizes do not agree\n" +
        `  a  ${formatShape(a)}${note(transposeA)}\n  b  ${formatShape(b)}${note(transposeB)}\n` +
        "Pass a as […, M, K] and b as […, K, N], with the last two axes swapped where transposed.",
    );
  }
  const output = [...lead, rows, columns];
  return {
    batch: numel(lead),
    m: rows,
    k: depth,
    n: columns,
    transposeA,
    transposeB,
    a,
    b,
    output,
  };
}
