import { ShapeError } from "../../errors.ts";
import { broadcastShapes, formatShape, rowMajorStrides, type Shape } from "../../shape.ts";

/** Two operands that broadcast, with axes that always move together joined. */
export interface BroadcastGeometry {
  /** The result's shape. */
  readonly shape: Shape;
  /** Joined axes; never empty. */
  readonly sizes: number[];
  /** Steps of each operand along them, in elements; 0 where it is repeated. */
  readonly a: number[];
  readonly b: number[];
}

/** The steps of an operand along the axes of the result it is stretched to. */
export function broadcastStrides(operand: Shape, result: Shape): number[] {
  const strides = rowMajorStrides(operand);
  const lead = result.length - operand.length;
  return result.map((_, axis) => {
    const own = axis - lead;
    return own < 0 || operand[own] === 1 ? 0 : (strides[own] ?? 0);
  });
}

/**
 * Joins neighbouring axes that every operand walks as one, and drops axes of size 1.
 *
 * @param strides one list of steps per operand
 * @returns the joined sizes (`[1]` for a single element) and steps
 */
export function joinAxes(
  shape: Shape,
  strides: readonly (readonly number[])[],
): { sizes: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const joined: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    const last = sizes.length - 1;
    const joins =
      last >= 0 && joined.every((own, k) => own[last] === (strides[k]?.[axis] ?? 0) * size);
    if (joins) sizes[last] = (sizes[last] ?? 1) * size;
    else sizes.push(size);
    const at = sizes.length - 1;
    for (const [k, own] of joined.entries()) own[at] = strides[k]?.[axis] ?? 0;
  }
  if (sizes.length === 0) {
    sizes.push(1);
    for (const own of joined) own.push(0);
  }
  return { sizes, strides: joined };
}

/**
 * Resolves a broadcast.
 *
 * @throws {ShapeError} if the shapes do not broadcast, or leave more than six joined axes
 */
export function broadcastGeometry(op: string, a: Shape, b: Shape): BroadcastGeometry {
  const shape = broadcastShapes(op, a, b);
  const { sizes, strides } = joinAxes(shape, [
    broadcastStrides(a, shape),
    broadcastStrides(b, shape),
  ]);
  if (sizes.length > 6) {
    throw new ShapeError(
      `${op}: the operands alternate over ${sizes.length} axes, at most 6 are supported\n` +
        `  a  ${formatShape(a)}\n  b  ${formatShape(b)}\n` +
        "Broadcast one of them first, with broadcastTo.",
    );
  }
  return { shape, sizes, a: strides[0] ?? [], b: strides[1] ?? [] };
}
