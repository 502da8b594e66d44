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
  const order = arrays.map((_, i) => i);
  const lifetime = (i: number) => arrays[i]!.last - arrays[i]!.first + 1;
  const size = (i: number) => arrays[i]!.bytes;
  const orders = [
    [...order].sort((a, b) => size(b) - size(a) || lifetime(b) - lifetime(a) || a - b),
    [...order].sort((a, b) => size(b) * lifetime(b) - size(a) * lifetime(a) || a - b),
    [...order].sort((a, b) => lifetime(b) - lifetime(a) || size(b) - size(a) || a - b),
  ];
  const tried = arrays.length > MANY ? orders.slice(0, 1) : orders;
  const plans = tried.map((indices) => placeInOrder(arrays, indices, maxPageBytes));
  const total = ({ pages }: MemoryPlan) => pages.reduce((sum, bytes) => sum + bytes, 0);
  return plans.reduce((best, plan) => (total(plan) < total(best) ? plan : best));
}

/** More arrays than a ResNet-50's training step has, several times: the first order must do. */
const MANY = 6000;

/** Commands of a bucket of time. */
const BUCKET = 1024;

interface Placed {
  readonly array: PlannedArray;
  readonly offset: number;
}

interface Page {
  bytes: number;
  /** By bucket of time, and there by offset: an array stands in each bucket that it lives in. */
  readonly placed: Placed[][];
}

const bucketOf = (command: number) => Math.floor(command / BUCKET);

function placeInOrder(
  arrays: readonly PlannedArray[],
  order: readonly number[],
  maxPageBytes: number,
): MemoryPlan {
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
      const offset = lowestOffset(page, array);
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
    insert(pages, best, array);
  }
  return { pages: pages.map(({ bytes }) => bytes), places };
}

/** The first gap that is large enough for as long as the array lives. */
function lowestOffset(page: Page, array: PlannedArray): number {
  let offset = 0;
  for (const other of contemporaries(page, array)) {
    if (other.offset - offset >= array.bytes) return offset;
    offset = Math.max(offset, other.offset + other.array.bytes);
  }
  return offset;
}

/** What lies on the page while an array lives, by offset. */
function contemporaries({ placed }: Page, { first, last }: PlannedArray): Placed[] {
  const found: Placed[] = [];
  const firstBucket = bucketOf(first);
  const lastBucket = bucketOf(last);
  for (let bucket = firstBucket; bucket <= lastBucket; bucket++) {
    for (const other of placed[bucket] ?? []) {
      if (other.array.last < first || other.array.first > last) continue;
      // Of the buckets that both live in, the first counts.
      if (Math.max(firstBucket, bucketOf(other.array.first)) === bucket) found.push(other);
    }
  }
  return firstBucket === lastBucket ? found : found.sort((a, b) => a.offset - b.offset);
}

function insert(pages: Page[], { page: index, offset }: Place, array: PlannedArray): void {
  let page = pages[index];
  if (page === undefined) {
    page = { bytes: 0, placed: [] };
    pages.push(page);
  }
  for (let number = bucketOf(array.first); number <= bucketOf(array.last); number++) {
    const bucket = page.placed[number] ?? [];
    page.placed[number] = bucket;
    let at = bucket.length;
    while (at > 0 && bucket[at - 1]!.offset > offset) at--;
    bucket.splice(at, 0, { array, offset });
  }
  page.bytes = Math.max(page.bytes, offset + array.bytes);
}
