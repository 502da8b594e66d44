/** As few parts as have at most `most` items, whose sizes differ by one at most. */
export function equalParts(count: number, most: number): [begin: number, end: number][] {
  const parts = Math.ceil(count / most);
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((i * count) / parts),
    Math.floor(((i + 1) * count) / parts),
  ]);
}
