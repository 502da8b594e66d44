/**
 * How many images are judged at once, always. Which kernel multiplies depends on the size of a batch,
 * and with it the last bit of a score: this keeps an image's score the same in any company, on one
 * device, so that an evaluation that goes on ends like one that was not interrupted.
 */
const UNIT = 4;

/** Judges images in units of one size; the last is filled up with its last image. */
export async function inUnits<Image, Result>(
  images: readonly Image[],
  judge: (unit: readonly Image[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < images.length; at += UNIT) {
    const part = images.slice(at, at + UNIT);
    const last = part.at(-1);
    const filling = last === undefined ? [] : new Array<Image>(UNIT - part.length).fill(last);
    results.push(...(await judge([...part, ...filling])).slice(0, part.length));
  }
  return results;
}
