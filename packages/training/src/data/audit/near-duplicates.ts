/*
 * Pairs of similar pictures among many, without comparing each with each: two hashes of 64 bits
 * that differ in at most 7 have, of four bands of 16 bits, one that differs in at most 1. So every
 * hash is filed under its four bands, and looked for under each band and its 16 neighbours: 68
 * short lists for each picture, and no pair is missed.
 */
import type { PerceptualHash } from "./perceptual-hash.ts";

/** The largest distance that {@link nearDuplicates} finds all pairs of. */
export const MAX_HAMMING = 7;

/** Two similar pictures, by their places in the list; `first < second`. */
export interface NearDuplicate {
  readonly first: number;
  readonly second: number;
  /** Bits in which the hashes differ. */
  readonly distance: number;
  /** Correlation of the thumbnails, at most 1. */
  readonly correlation: number;
}

/** What counts as similar. */
export interface NearDuplicateOptions {
  /** At most this many different bits, up to {@link MAX_HAMMING}. */
  readonly distance?: number;
  /** At least this correlation of the thumbnails. */
  readonly correlation?: number;
}

const BANDS = 4;

/**
 * Similar pictures. Flat ones are left out. Of pictures with equal hashes one stands for those that
 * resemble it: each of them makes one pair with it, and it alone makes pairs with other pictures.
 * What hangs together in the pairs is one group of duplicates.
 *
 * @throws {RangeError} if `distance` is no integer in 0..7
 */
export function nearDuplicates(
  hashes: readonly PerceptualHash[],
  { distance = 6, correlation = 0.9 }: NearDuplicateOptions = {},
): NearDuplicate[] {
  if (!Number.isInteger(distance) || distance < 0 || distance > MAX_HAMMING) {
    throw new RangeError(
      `nearDuplicates: distance is ${distance}\nPass a whole number in 0..${MAX_HAMMING}.`,
    );
  }
  const vectors = hashes.map(({ thumbnail, isFlat }) => (isFlat ? null : standardized(thumbnail)));
  const pairs: NearDuplicate[] = [];
  const confirm = (a: number, b: number, bits: number): boolean => {
    const likeness = dot(vectors[a]!, vectors[b]!);
    if (likeness < correlation) return false;
    const [first, second] = a < b ? [a, b] : [b, a];
    pairs.push({ first, second, distance: bits, correlation: likeness });
    return true;
  };
  const leaders = leadersOf(hashes, (a, b) => confirm(a, b, 0));
  const index = new Map<number, number[]>();
  const compared = new Set<number>();
  for (const leader of leaders) {
    const { bits } = hashes[leader]!;
    compared.clear();
    for (const key of probes(bits, distance)) {
      for (const other of index.get(key) ?? []) {
        if (compared.has(other)) continue;
        compared.add(other);
        const apart = hamming(bits, hashes[other]!.bits);
        if (apart > 0 && apart <= distance) confirm(leader, other, apart);
      }
    }
    for (let band = 0; band < BANDS; band += 1) {
      const key = bandKey(bits, band, 0);
      const list = index.get(key);
      if (list === undefined) index.set(key, [leader]);
      else list.push(leader);
    }
  }
  return pairs.sort((a, b) => a.first - b.first || a.second - b.second);
}

/** One picture for each look, in the order of the list. */
function leadersOf(
  hashes: readonly PerceptualHash[],
  resembles: (leader: number, other: number) => boolean,
): number[] {
  const equal = new Map<string, number[]>();
  const leaders: number[] = [];
  for (const [i, { bits, isFlat }] of hashes.entries()) {
    if (isFlat) continue;
    const key = `${bits[0]} ${bits[1]}`;
    const before = equal.get(key) ?? [];
    if (before.some((leader) => resembles(leader, i))) continue;
    before.push(i);
    equal.set(key, before);
    leaders.push(i);
  }
  return leaders;
}

/** Where a hash within the distance may be filed. */
function probes(bits: Uint32Array, distance: number): number[] {
  const keys: number[] = [];
  for (let band = 0; band < BANDS; band += 1) {
    keys.push(bandKey(bits, band, 0));
    // Up to 3 different bits leave one of four bands untouched.
    if (distance < BANDS) continue;
    for (let bit = 0; bit < 16; bit += 1) keys.push(bandKey(bits, band, 1 << bit));
  }
  return keys;
}

function bandKey(bits: Uint32Array, band: number, flipped: number): number {
  const word = bits[band >> 1]!;
  const value = (band & 1 ? word >>> 16 : word & 0xffff) ^ flipped;
  return (band << 16) | value;
}

function hamming(a: Uint32Array, b: Uint32Array): number {
  return ones(a[0]! ^ b[0]!) + ones(a[1]! ^ b[1]!);
}

function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Mean 0 and length 1. */
function standardized(values: Uint8Array): Float32Array {
  const vector = Float32Array.from(values);
  const mean = vector.reduce((sum, value) => sum + value, 0) / vector.length;
  let squares = 0;
  for (const value of vector) squares += (value - mean) ** 2;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  return vector.map((value) => (value - mean) * scale);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
