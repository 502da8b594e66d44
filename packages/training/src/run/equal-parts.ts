/**
 * As few parts as have at most `most` items, whose sizes differ by one at most.
 *
 * @throws {RangeError} if `most` is no positive whole number
 */
export function equalParts(count: number, most: number): [begin: number, end: number][] {
  if (!Number.isSafeInteger(most) || most < 1) {
    throw new RangeError(
      `equalParts: a part of a batch is to have at most ${most} images\n` +
        "Pass a micro-batch of a positive whole number.",
    );
  }
  const parts = Math.ceil(count / most);
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((i * count) / parts),
    Math.floor(((i + 1) * count) / parts),
  ]);
}
