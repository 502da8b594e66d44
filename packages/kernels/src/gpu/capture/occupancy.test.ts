import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Occupancy } from "./occupancy.ts";

const COMMANDS = 37;
const asked = fc.record({
  first: fc.nat(COMMANDS - 1),
  length: fc.oneof(fc.nat(3), fc.nat(COMMANDS)),
  bytes: fc.integer({ min: 1, max: 6 }),
});

/** By trying every offset against every array that was placed. */
function obviousOffset(placed: readonly Placed[], { first, last, bytes }: Omit<Placed, "start">) {
  const meets = (start: number) =>
    placed.some((other) => {
      const inTime = other.first <= last && other.last >= first;
      return inTime && other.start < start + bytes && other.start + other.bytes > start;
    });
  let offset = 0;
  while (meets(offset)) offset += 1;
  return offset;
}

interface Placed {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly start: number;
}

test("the lowest free offset is the one that trying them all finds", async () => {
  await fc.assert(
    fc.property(fc.array(asked, { minLength: 1, maxLength: 40 }), fc.nat(2), (arrays, slack) => {
      const occupancy = new Occupancy(COMMANDS);
      const placed: Placed[] = [];
      for (const { first, length, bytes } of arrays) {
        const last = Math.min(first + length, COMMANDS - 1);
        const start = occupancy.lowestOffset(first, last, bytes);
        expect(start).toBe(obviousOffset(placed, { first, last, bytes }));
        // Gaps are left, too: another order of sizes than the planner's.
        placed.push({ first, last, bytes, start: start + slack });
        occupancy.take(first, last, start + slack, start + slack + bytes);
      }
    }),
  );
});

test("an empty page is free from its start, and one command is time enough", () => {
  expect(new Occupancy(0).lowestOffset(0, 0, 8)).toBe(0);
  const page = new Occupancy(1);
  page.take(0, 0, 0, 8);
  expect(page.lowestOffset(0, 0, 1)).toBe(8);
});
