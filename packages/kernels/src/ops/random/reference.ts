// The generator with 64-bit integers, straight from the paper, and what is drawn from it.

const MASK = 0xffffffffn;

/** Philox 4x32-10 of a counter and a key. */
export function philoxReference(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0;
    const product1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [
      (product1 >> 32n) ^ c1 ^ k0,
      product1 & MASK,
      (product0 >> 32n) ^ c3 ^ k1,
      product0 & MASK,
    ];
    k0 = (k0 + 0x9e3779b9n) & MASK;
    k1 = (k1 + 0xbb67ae85n) & MASK;
  }
  return [c0, c1, c2, c3].map(Number);
}

const split = (value: number) => [value % 2 ** 32, Math.floor(value / 2 ** 32)];

/** The words behind `count` values of a seed and an offset. */
export function wordsReference(count: number, seed: number, offset: number): number[] {
  const words: number[] = [];
  for (let i = 0; words.length < count; i++) {
    words.push(...philoxReference([i, ...split(offset), 0], split(seed)));
  }
  return words.slice(0, count);
}

/** Uniform in [0, 1). */
export function uniformReference(count: number, seed: number, offset: number): Float64Array {
  return Float64Array.from(wordsReference(count, seed, offset), (word) => (word >>> 8) * 2 ** -24);
}

/** Standard normal, `count` a multiple of four. */
export function normalReference(count: number, seed: number, offset: number): Float64Array {
  const u = uniformReference(count, seed, offset);
  return u.map((_, i) => {
    const block = i - (i % 4);
    const pair = block + (i % 2);
    const radius = Math.sqrt(-2 * Math.log(1 - u[pair]!));
    const angle = 2 * Math.PI * u[pair + 2]!;
    return radius * (i % 4 < 2 ? Math.cos(angle) : Math.sin(angle));
  });
}
