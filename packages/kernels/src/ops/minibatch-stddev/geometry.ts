import { ShapeError } from "../../errors.ts";
import { formatShape, type Shape } from "../../shape.ts";
import { imageShape } from "../pool2d/geometry.ts";

/**
 * Over what the deviation is taken: `"per-sample"`, as if every image were alone in its batch, or
 * `"batch"`, over groups of the batch as in training.
 */
export type MinibatchStddevMode = "per-sample" | "batch";

/** The resolved sizes of {@link minibatchStddev}. */
export interface MinibatchStddevGeometry {
  /** `[N, H, W, C]` */
  readonly input: readonly [number, number, number, number];
  /** `[N, H, W, C + 1]` */
  readonly output: readonly [number, number, number, number];
  readonly mode: MinibatchStddevMode;
  /** Samples of a group, `G = min(groupSize, N)`; 1 per sample. */
  readonly groupSize: number;
  /** Groups, `M = N / G`; sample `n` belongs to group `n mod M`. */
  readonly groupCount: number;
}

/**
 * Sizes of {@link minibatchStddev}.
 *
 * @throws {ShapeError} in batch mode, if the batch is no multiple of the group
 */
export function minibatchStddevGeometry(
  input: Shape,
  groupSize: number,
  mode: MinibatchStddevMode,
): MinibatchStddevGeometry {
  const [n, h, w, c] = imageShape("minibatchStddev", input);
  if (!Number.isInteger(groupSize) || groupSize < 1) {
    throw new ShapeError(
      `minibatchStddev: groupSize ${groupSize} is out of range\nPass an integer of at least 1.`,
    );
  }
  const size = mode === "batch" ? Math.min(groupSize, n) : 1;
  if (n % size !== 0) {
    throw new ShapeError(
      `minibatchStddev: a batch of ${n} does not divide into groups of ${size}\n` +
        `  input  ${formatShape(input)}\n` +
        `Use a batch that is a multiple of ${size}, or mode "per-sample".`,
    );
  }
  const output = [n, h, w, c + 1] as const;
  return { input: [n, h, w, c], output, mode, groupSize: size, groupCount: n / size };
}
