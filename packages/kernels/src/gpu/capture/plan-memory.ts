// Where the temporary arrays of a recorded step lie: offline allocation, all lifetimes known.
//
//   page 0  |--- a ---|   |------- d -------|      time goes to the right,
//           |-- b --|   |---- c ----|              offsets go down
//   page 1  |------ e ------||------ f -----|
//
// Arrays share memory where their lifetimes do not meet. One page would do for all, but WebGPU
// refuses a buffer that a dispatch binds both for reading and for writing, whatever the ranges; a
// copy within a buffer is refused too. So arrays that meet in a command with different accesses
// lie on different pages, which makes this a colouring as well. Both problems are NP-hard.
// The rule here: the largest array first; to the place that makes the pages grow least; on the
// earliest such page, at the lowest offset. Several orders are tried where arrays are few, and the
// best plan is kept.

import { Occupancy } from "./occupancy.ts";

/** An array that is to be placed. */
export interface PlannedArray {
  /** A multiple of {@link ALIGNMENT}. */
  readonly bytes: number;
  /** Numbers of the first and of the last command that use it. */
  readonly first: number;
  readonly last: number;
  /** Indices of the arrays that must lie on other pages. */
  readonly conflicts: ReadonlySet<number>;
}

/** Where an array lies. */
export interface Place {
  readonly page: number;
  readonly offset: number;
}

/** Pages, and a place on them for every array. */
export interface MemoryPlan {
  /** Bytes of each page. */
  readonly pages: readonly number[];
  /** By index of the array. */
  readonly places: readonly Place[];
}

/** WebGPU's `minStorageBufferOffsetAlignment`. */
export const ALIGNMENT = 256;

/** The next multiple of {@link ALIGNMENT}. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** The most bytes that are in use at one time: no plan can do with less. */
export function peakBytes(arrays: readonly PlannedArray[]): number {
  const changes: [at: number, bytes: number][] = [];
  for (const { bytes, first, last } of arrays) changes.push([first, bytes], [last + 1, -bytes]);
  changes.sort(([a, x], [b, y]) => a - b || x - y);
  let sum = 0;
  let peak = 0;
  for (const [, bytes] of changes) {
    sum += bytes;
    peak = Math.max(peak, sum);
  }
  return peak;
}

/**
 * A place for every array.
 *
 * @param maxPageBytes of one page; no array is larger
 */
export function planMemory(arrays: readonly PlannedArray[], maxPageBytes: number): MemoryPlan {
  const lifetime = (i: number) => arrays[i]!.last - arrays[i]!.first + 1;
  const size = (i: number) => arrays[i]!.bytes;
  const orders = [
    (a: number, b: number) => size(b) - size(a) || lifetime(b) - lifetime(a) || a - b,
    (a: number, b: number) => size(b) * lifetime(b) - size(a) * lifetime(a) || a - b,
    (a: number, b: number) => lifetime(b) - lifetime(a) || size(b) - size(a) || a - b,
  ];
  const tried = arrays.length > MANY ? orders.slice(0, 1) : orders;
  const plans = tried.map((order) => {
    return placeInOrder(arrays, [...arrays.keys()].sort(order), maxPageBytes);
  });
  const total = ({ pages }: MemoryPlan) => pages.reduce((sum, bytes) => sum + bytes, 0);
  return plans.reduce((best, plan) => (total(plan) < total(best) ? plan : best));
}

/** More arrays than a ResNet-50's training step has, several times: the first order must do. */
const MANY = 6000;

interface Page {
  bytes: number;
  readonly occupancy: Occupancy;
}

function placeInOrder(
  arrays: readonly PlannedArray[],
  order: readonly number[],
  maxPageBytes: number,
): MemoryPlan {
  const commands = arrays.reduce((most, { last }) => Math.max(most, last + 1), 0);
  const pages: Page[] = [];
  const places: Place[] = new Array(arrays.length);
  for (const index of order) {
    const array = arrays[index]!;
    const forbidden = new Set<number>();
    for (const other of array.conflicts) {
      const place = places[other];
      if (place !== undefined) forbidden.add(place.page);
    }
    let best: Place = { page: pages.length, offset: 0 };
    let leastGrowth = array.bytes;
    for (const [number, page] of pages.entries()) {
      if (forbidden.has(number)) continue;
      const offset = page.occupancy.lowestOffset(array.first, array.last, array.bytes);
      const end = offset + array.bytes;
      const growth = Math.max(0, end - page.bytes);
      const isBetter =
        growth < leastGrowth || (growth === leastGrowth && best.page === pages.length);
      if (end > maxPageBytes || !isBetter) continue;
      best = { page: number, offset };
      leastGrowth = growth;
      if (growth === 0) break;
    }
    places[index] = best;
    const page = pages[best.page] ?? { bytes: 0, occupancy: new Occupancy(commands) };
    pages[best.page] = page;
    const end = best.offset + array.bytes;
    page.occupancy.take(array.first, array.last, best.offset, end);
    page.bytes = Math.max(page.bytes, end);
  }
  return { pages: pages.map(({ bytes }) => bytes), places };
}
