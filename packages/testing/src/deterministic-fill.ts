/*
 * Numbers that anybody can make again from a name: the fill of the specification's appendix A.1.
 * A test vector made with it contains no weights, only their recipe.
 */

/**
 * 32-bit FNV-1a of the UTF-8 bytes of a name.
 *
 * @see Fowler, Noll, Vo: the FNV non-cryptographic hash algorithm
 */
export function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** The `i`-th word of a name's sequence: murmur3's finaliser over a Weyl sequence. */
function word(seed: number, i: number): number {
  let u = (Math.imul(i + 1, 0x9e3779b1) + seed) | 0;
  u = Math.imul(u ^ (u >>> 16), 0x85ebca6b);
  u = Math.imul(u ^ (u >>> 13), 0xc2b2ae35);
  return (u ^ (u >>> 16)) >>> 0;
}

function seedOf(name: string): number {
  return Math.imul(fnv1a(name), 0x85ebca77);
}

/**
 * `v[i] = u[i] / 2^31 - 1` in [-1, 1), exact in float64, for the row-major index `i` of the tensor
 * called `name`.
 */
export function fillByName64(name: string, count: number): Float64Array<ArrayBuffer> {
  const seed = seedOf(name);
  return Float64Array.from({ length: count }, (_, i) => word(seed, i) / 2 ** 31 - 1);
}

/**
 * `v` of {@link fillByName64} times `scale` plus `shift` in float64, then rounded to float32: e.g. a
 * discriminator's weights are `scale = √3`, its biases `scale = 0.1`.
 */
export function fillByName(
  name: string,
  count: number,
  scale = 1,
  shift = 0,
): Float32Array<ArrayBuffer> {
  const seed = seedOf(name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 1) values[i] = (word(seed, i) / 2 ** 31 - 1) * scale + shift;
  return values;
}

/**
 * The specification's test picture, `[height, width, 3]`: the top byte of each word of "img8".
 */
export function img8(height: number, width: number): Uint8Array<ArrayBuffer> {
  const seed = seedOf("img8");
  const bytes = new Uint8Array(height * width * 3);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = word(seed, i) >>> 24;
  return bytes;
}

/**
 * `count` numbers in [0, 1) of mulberry32, a generator with 32 bits of state: what the vectors of
 * T-GD's specification, section 9, are made from.
 */
export function mulberry32(seed: number, count: number): Float64Array<ArrayBuffer> {
  let state = seed | 0;
  return new Float64Array(count).map(() => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

/**
 * The parameter at place `index` of a network, by section 9's `fill(base)`: gains, which are vectors
 * called weight, are near 1, everything else near 0, all within 0.1.
 */
export function fillByPlace(
  base: number,
  index: number,
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  const shift = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
  return Float32Array.from(mulberry32(base + index + 1, count), (u) => shift + (u - 0.5) * 0.2);
}
