import { DTypeError, ShapeError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { formatShape, sameShape } from "../../shape.ts";

/**
 * The operands of a step, all of the parameter's shape and f32.
 *
 * @throws {ShapeError} if shapes differ, or an operand is missing
 * @throws {DTypeError} if one is not f32
 */
export function requireMatching<N extends string>(
  op: string,
  operands: Readonly<Record<N, GpuArray | null>>,
): Readonly<Record<N, GpuArray>> {
  const entries = Object.entries<GpuArray | null>(operands);
  const shape = entries[0]?.[1]?.shape ?? [];
  for (const [name, array] of entries) {
    if (array === null || !sameShape(array.shape, shape)) {
      const lines = entries.map(([key, value]) => {
        return `  ${key}  ${value === null ? "none" : formatShape(value.shape)}`;
      });
      throw new ShapeError(
        `${op}: ${name} must have the parameter's shape\n${lines.join("\n")}\n` +
          "Keep one array per parameter for gradients and state.",
      );
    }
    if (array.dtype !== "f32") throw new DTypeError(`${op}: ${name} is ${array.dtype}, not f32`);
  }
  return operands as Readonly<Record<N, GpuArray>>;
}
