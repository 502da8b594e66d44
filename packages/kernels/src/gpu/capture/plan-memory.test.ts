import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ALIGNMENT, aligned, type PlannedArray, peakBytes, planMemory } from "./plan-memory.ts";

const none = new Set<number>();

function chain(length: number, bytes: number): PlannedArray[] {
  return Array.from({ length }, (_, i) => ({
    bytes,
    first: i,
    last: i + 1,
    conflicts: new Set([i - 1, i + 1].filter((other) => other >= 0 && other < length)),
  }));
}

test("a chain of operations needs two pages of one array each", () => {
  const { pages, places } = planMemory(chain(9, 1024), 2 ** 20);
  expect(pages).toEqual([1024, 1024]);
  expect(places.map(({ page }) => page)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0]);
  expect(places.every(({ offset }) => offset === 0)).toBe(true);
});

test("arrays that live together lie side by side, small ones in gaps", () => {
  const arrays = [
    { bytes: 1024, first: 0, last: 9, conflicts: none },
    { bytes: 512, first: 0, last: 4, conflicts: none },
    { bytes: 512, first: 5, last: 9, conflicts: none },
    { bytes: 256, first: 5, last: 9, conflicts: none },
  ];
  const { pages, places } = planMemory(arrays, 2 ** 20);
  expect(pages).toEqual([1024 + 512 + 256]);
  expect(places.map(({ offset }) => offset)).toEqual([0, 1024, 1024, 1536]);
  expect(peakBytes(arrays)).toBe(1792);
});

test("a page does not exceed its limit", () => {
  const arrays = Array.from({ length: 5 }, () => ({
    bytes: 512,
    first: 0,
    last: 1,
    conflicts: none,
  }));
  expect(planMemory(arrays, 1100).pages).toEqual([1024, 1024, 512]);
  expect(planMemory([], 1024)).toEqual({ pages: [], places: [] });
});

test("sizes are rounded up to the alignment", () => {
  expect([1, 256, 257].map(aligned)).toEqual([256, 256, 512]);
});

const planned = fc.record({
  blocks: fc.integer({ min: 1, max: 20 }),
  // Short and long lives, on both sides of a middle of the planner's tree over time.
  first: fc.oneof(fc.nat(30), fc.integer({ min: 1010, max: 1030 })),
  length: fc.oneof(fc.nat(10), fc.integer({ min: 1000, max: 3000 })),
  conflicts: fc.uniqueArray(fc.nat(39), { maxLength: 3 }),
});

test("whatever is planned, arrays that live together never overlap, nor conflicts share a page", async () => {
  await fc.assert(
    fc.property(fc.array(planned, { minLength: 1, maxLength: 40 }), (drawn) => {
      const conflicts = drawn.map(() => new Set<number>());
      drawn.forEach((item, i) => {
        for (const other of item.conflicts) {
          if (other === i || other >= drawn.length) continue;
          conflicts[i]!.add(other);
          conflicts[other]!.add(i);
        }
      });
      const arrays = drawn.map(({ blocks, first, length }, i) => ({
        bytes: ALIGNMENT * blocks,
        first,
        last: first + length,
        conflicts: conflicts[i]!,
      }));
      const maxPageBytes = 30 * ALIGNMENT;
      const { pages, places } = planMemory(arrays, maxPageBytes);
      expect(pages.every((bytes) => bytes <= maxPageBytes)).toBe(true);
      const total = pages.reduce((sum, bytes) => sum + bytes, 0);
      expect(total).toBeGreaterThanOrEqual(peakBytes(arrays));
      expect(total).toBeLessThanOrEqual(arrays.reduce((sum, { bytes }) => sum + bytes, 0));
      arrays.forEach((a, i) => {
        const at = places[i]!;
        expect(at.offset % ALIGNMENT).toBe(0);
        expect(at.offset + a.bytes).toBeLessThanOrEqual(pages[at.page]!);
        arrays.slice(0, i).forEach((b, j) => {
          const there = places[j]!;
          if (there.page !== at.page) return;
          expect(a.conflicts.has(j)).toBe(false);
          const meetInTime = a.first <= b.last && b.first <= a.last;
          const meet = at.offset < there.offset + b.bytes && there.offset < at.offset + a.bytes;
          expect(meetInTime && meet).toBe(false);
        });
      });
    }),
  );
});
