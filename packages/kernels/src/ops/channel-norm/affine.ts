import { ShapeError } from "../../errors.ts";
import { formatShape, type Shape } from "../../shape.ts";

/**
 * Checks vectors of one value per channel.
 *
 * @param vectors shapes by operand; null for an absent one
 * @throws {ShapeError} if one is not `[channels]`, or weight and bias are not given together
 */
export function checkChannelVectors(
  op: string,
  input: Shape,
  channels: number,
  vectors: Readonly<Record<string, Shape | null>>,
): void {
  const names = Object.keys(vectors);
  const width = Math.max("input".length, ...names.map((name) => name.length)) + 2;
  for (const name of names) {
    const shape = vectors[name];
    if (shape == null || (shape.length === 1 && shape[0] === channels)) continue;
    throw new ShapeError(
      `${op}: ${name} does not have one value for each of ${channels} channels\n` +
        `  ${"input".padEnd(width)}${formatShape(input)}\n` +
        `  ${name.padEnd(width)}${formatShape(shape)}\nPass ${name} of shape [${channels}].`,
    );
  }
  const { weight, bias } = vectors;
  if ((weight == null) !== (bias == null)) {
    throw new ShapeError(
      `${op}: ${weight == null ? "bias without weight" : "weight without bias"}\n` +
        "Pass both, or null for both.",
    );
  }
}
