/*
 * Inputs that every process can make again from a name, chosen so that results are exact: odd
 * sixteenths between −15/16 and 15/16. A product of two is a whole number of 256ths, and so is
 * every partial sum, in any order: float32 holds them all without rounding while they stay below
 * 2^16. A correct kernel then equals the float64 reference to the last bit, and a wrong one cannot
 * hide in a tolerance. The values have no zeros, so no term can be left out unnoticed.
 */

/** Sums of products below this are exact in float32: 24 bits, of which 8 are behind the point. */
export const EXACT_BELOW = 2 ** 16;

/** Named arrays on the host. */
export type Operands = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** FNV-1a of a name of ASCII letters. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The `i`-th word of a sequence: murmur3's finaliser over a Weyl sequence. */
export function word(seed: number, i: number): number {
  let u = (Math.imul(i + 1, 0x9e3779b1) + seed) | 0;
  u = Math.imul(u ^ (u >>> 16), 0x85ebca6b);
  u = Math.imul(u ^ (u >>> 13), 0xc2b2ae35);
  return (u ^ (u >>> 16)) >>> 0;
}

/** The operand of this name. */
export function makeOperand(name: string, size: number): Float32Array<ArrayBuffer> {
  const seed = hash(name);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = ((word(seed, i) >>> 28) * 2 - 15) / 16;
  return values;
}
