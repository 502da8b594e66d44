// Which bytes of a page are taken while an array lives: a segment tree over time, whose nodes hold
// ranges of offsets.
//
//   time   |-----------------------|     An array stands at the few largest nodes that it fills
//          |-----------|-----------|     (`filled`), and, for those who ask about more time than it
//          |-----|-----|-----|-----|     lives, at all nodes above its first and last command
//             ^~~~~~~~~~~~~~~^           (`met`).
//
// The planner packs arrays tightly, so that touching ranges become one and a node holds few. A look
// at a page is then a walk over twice the height of the tree, however many arrays it has.

/** Starts and ends of ranges by turns, ascending, with a gap between any two. */
type Ranges = number[];

/** The taken bytes of a page over time. */
export class Occupancy {
  readonly #leaves: number;
  readonly #filled: (Ranges | undefined)[];
  readonly #met: (Ranges | undefined)[];

  /** @param commands times are below it */
  constructor(commands: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(commands, 1)));
    this.#filled = new Array(2 * this.#leaves);
    this.#met = new Array(2 * this.#leaves);
  }

  /** Takes the bytes from `start` to before `end`, from command `first` to `last`. */
  take(first: number, last: number, start: number, end: number): void {
    for (const node of this.#fills(first, last)) include(this.#filled, node, start, end);
    for (const node of this.#above(first, last)) include(this.#met, node, start, end);
  }

  /** The lowest offset of `bytes` that are free from command `first` to `last`. */
  lowestOffset(first: number, last: number, bytes: number): number {
    const taken: Ranges[] = [];
    const consult = (ranges: Ranges | undefined) => {
      if (ranges !== undefined) taken.push(ranges);
    };
    for (const node of this.#fills(first, last)) {
      consult(this.#filled[node]);
      consult(this.#met[node]);
    }
    // What fills more than the time in question stands above its ends.
    for (const node of this.#above(first, last)) consult(this.#filled[node]);
    return lowestGap(taken, bytes);
  }

  /** The largest nodes whose time lies between two commands. */
  #fills(first: number, last: number): number[] {
    const nodes: number[] = [];
    let low = first + this.#leaves;
    let high = last + this.#leaves;
    while (low <= high) {
      if (low % 2 === 1) nodes.push(low++);
      if (high % 2 === 0) nodes.push(high--);
      low = Math.floor(low / 2);
      high = Math.floor(high / 2);
    }
    return nodes;
  }

  /** The nodes that contain one of two commands. */
  #above(first: number, last: number): number[] {
    const nodes: number[] = [];
    let low = first + this.#leaves;
    let high = last + this.#leaves;
    while (low >= 1) {
      nodes.push(low);
      if (high !== low) nodes.push(high);
      low = Math.floor(low / 2);
      high = Math.floor(high / 2);
    }
    return nodes;
  }
}

/** Adds a range to a node's, as one with those that it meets or touches. */
function include(nodes: (Ranges | undefined)[], node: number, start: number, end: number): void {
  const ranges = nodes[node];
  if (ranges === undefined) {
    nodes[node] = [start, end];
    return;
  }
  let from = 0;
  while (from < ranges.length && ranges[from + 1]! < start) from += 2;
  let to = from;
  while (to < ranges.length && ranges[to]! <= end) to += 2;
  if (to === from + 2 && ranges[from]! <= start && ranges[from + 1]! >= end) return;
  const low = to > from ? Math.min(start, ranges[from]!) : start;
  const high = to > from ? Math.max(end, ranges[to - 1]!) : end;
  ranges.splice(from, to - from, low, high);
}

/** The lowest offset at which `bytes` meet none of the ranges. */
function lowestGap(taken: readonly Ranges[], bytes: number): number {
  const places = new Array<number>(taken.length).fill(0);
  let offset = 0;
  let isFree = false;
  while (!isFree) {
    isFree = true;
    for (const [i, ranges] of taken.entries()) {
      let at = places[i]!;
      while (at < ranges.length && ranges[at + 1]! <= offset) at += 2;
      places[i] = at;
      if (at === ranges.length || ranges[at]! >= offset + bytes) continue;
      offset = ranges[at + 1]!;
      isFree = false;
    }
  }
  return offset;
}
