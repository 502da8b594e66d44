import { Random } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import { nearDuplicates } from "./near-duplicates.ts";
import { type PerceptualHash, perceptualHash } from "./perceptual-hash.ts";

/** Smooth random pictures: a few waves. */
function picture(seed: number, width = 64, height = 48) {
  const random = new Random(seed);
  const waves = Array.from({ length: 6 }, () => {
    return [random.uniform() * 6, random.uniform() * 6, random.uniform() * 7, random.uniform()];
  });
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
    let value = 0;
    for (const [u = 0, v = 0, phase = 0, size = 0] of waves) {
      value += size * Math.sin(2 * u * x + 2 * v * y + phase);
    }
    for (let c = 0; c < 3; c += 1) data[3 * i + c] = 128 + 20 * value + 5 * c;
  }
  return { width, height, data };
}

/** Hashes in clusters: random ones, each with some bits flipped. */
function hashes(count: number, random: Random): PerceptualHash[] {
  const thumbnail = Uint8Array.from({ length: 256 }, (_, i) => i);
  const centres = Array.from({ length: count / 5 }, () => [random.bits(), random.bits()] as const);
  return Array.from({ length: count }, () => {
    const bits = Uint32Array.from(centres[random.integer(centres.length)]!);
    for (let flips = random.integer(9); flips > 0; flips -= 1) {
      bits[random.integer(2)]! ^= 1 << random.integer(32);
    }
    return { bits, thumbnail, isFlat: false };
  });
}

function distance(a: PerceptualHash, b: PerceptualHash): number {
  let count = 0;
  for (let bit = 0; bit < 64; bit += 1) {
    const word = bit >> 5;
    count += ((a.bits[word]! ^ b.bits[word]!) >>> (bit & 31)) & 1;
  }
  return count;
}

test.each([0, 3, 4, 7])("finds what comparing each with each finds, up to %i bits", (limit) => {
  const all = hashes(240, new Random(limit));
  // Of equal hashes only the first takes part.
  const first = all.map((hash) => all.findIndex((other) => distance(hash, other) === 0));
  const expected: string[] = [];
  for (let a = 0; a < all.length; a += 1) {
    for (let b = a + 1; b < all.length; b += 1) {
      const apart = distance(all[a]!, all[b]!);
      if (first[b] === a || (first[a] === a && first[b] === b && apart <= limit)) {
        expected.push(`${a} ${b} ${apart}`);
      }
    }
  }
  const pairs = nearDuplicates(all, { distance: limit });
  expect(pairs.map((pair) => `${pair.first} ${pair.second} ${pair.distance}`)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(limit === 0 ? 5 : 50);
});

test("a picture resembles itself at another size and brightness, and no other picture", () => {
  const pictures = Array.from({ length: 20 }, (_, i) => picture(i));
  const changed = { ...picture(7, 96, 72) };
  changed.data = changed.data.map((value) => Math.min(255, value * 0.9 + 12));
  const all = [...pictures, changed].map(perceptualHash);
  expect(nearDuplicates(all)).toMatchObject([{ first: 7, second: 20 }]);
});

test("flat pictures resemble nothing", () => {
  const flat = { width: 8, height: 8, data: new Uint8Array(192).fill(40) };
  const hash = perceptualHash(flat);
  expect(hash.isFlat).toBe(true);
  expect(nearDuplicates([hash, hash])).toEqual([]);
});

test("equal hashes of different thumbnails are no pair", () => {
  const bits = Uint32Array.of(1, 2);
  const up = Uint8Array.from({ length: 256 }, (_, i) => i);
  const make = (thumbnail: Uint8Array) => ({ bits, thumbnail, isFlat: false });
  const pairs = nearDuplicates([make(up), make(up.toReversed()), make(up)]);
  expect(pairs.map(({ first, second }) => [first, second])).toEqual([[0, 2]]);
});

test("refuses distances that it would miss pairs of", () => {
  expect(() => nearDuplicates([], { distance: 8 })).toThrow(
    "nearDuplicates: distance is 8\nPass a whole number in 0..7.",
  );
});
