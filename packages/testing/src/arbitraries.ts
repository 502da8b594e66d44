import * as fc from "fast-check";

/** Sizes at which tiled code breaks: 1, tile − 1, tile, tile + 1, and a prime above two tiles. */
export function tileBoundaries(tile: number): number[] {
  const sizes = [1, tile - 1, tile, tile + 1, nextPrime(2 * tile)];
  return [...new Set(sizes.filter((size) => size >= 1))];
}

function nextPrime(above: number): number {
  for (let candidate = above + 1; ; candidate++) {
    if (isPrime(candidate)) return candidate;
  }
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false;
  }
  return value >= 2;
}

/** A size around a tile's boundaries, or any from 1 to `max`; shrinks towards 1. */
export function sizeNear(tile: number, max = 2 * tile + 1): fc.Arbitrary<number> {
  const boundaries = tileBoundaries(tile).filter((size) => size <= max);
  return fc.oneof(fc.constantFrom(...boundaries), fc.integer({ min: 1, max }));
}

/** Options of {@link smallShape}. */
export interface SmallShapeOptions {
  readonly minRank?: number;
  readonly maxRank?: number;
  /** Largest size of one dimension. */
  readonly maxSize?: number;
  /** Largest number of elements: bigger shapes are cut down to it, last dimension first. */
  readonly maxElements?: number;
}

/** A shape of a few small dimensions, none of them 0. */
export function smallShape(options: SmallShapeOptions = {}): fc.Arbitrary<number[]> {
  const { minRank = 1, maxRank = 4, maxSize = 9, maxElements = 4096 } = options;
  return fc
    .array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank })
    .map((shape) => cutDown(shape, maxElements));
}

function cutDown(shape: readonly number[], maxElements: number): number[] {
  let rest = maxElements;
  return shape.map((size) => {
    const cut = Math.min(size, Math.max(rest, 1));
    rest = Math.floor(rest / cut);
    return cut;
  });
}

/** A seed for {@link randomFloats}: data is drawn from it, so that a failure prints one number. */
export function seed(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 2 ** 31 - 1 });
}
