/**
 * Seeded values for tests: xorshift32 (Marsaglia, "Xorshift RNGs", 2003), its state spread from the
 * seed by one round of SplitMix, so that neighbouring seeds do not give neighbouring sequences.
 *
 * @returns a function that gives the next unsigned 32-bit integer, never 0
 */
export function randomBits(seed: number): () => number {
  let state = splitMix32(seed) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** A bijection of the 32-bit integers that mixes every input bit into every output bit. */
function splitMix32(seed: number): number {
  let z = (seed + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/**
 * `count` values uniform in [-1, 1), multiples of 2⁻²³: exact in f32, so that the device and a
 * float64 reference start from the same numbers.
 */
export function randomFloats(count: number, seed: number): Float32Array<ArrayBuffer> {
  const next = randomBits(seed);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (next() >>> 8) * 2 ** -23 - 1;
  return values;
}

/** `count` integers uniform in [0, bound). */
export function randomIntegers(
  count: number,
  bound: number,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const next = randomBits(seed);
  const values = new Uint32Array(count);
  for (let i = 0; i < count; i++) values[i] = Math.floor((next() / 2 ** 32) * bound);
  return values;
}
