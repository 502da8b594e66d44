// Random numbers on the host: the same on every platform. Only integer arithmetic and the IEEE
// operations + − × ÷ √ are used, which are exact; Math.log and Math.cos are not specified exactly.

/** What a {@link Random} is made from and can be resumed from. */
export type RandomState = readonly [number, number, number, number];

/**
 * A seeded generator: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), its state filled from the seed by SplitMix32.
 *
 * @example new Random(7, "layer1.0.conv1.weight") // a stream of its own for each name
 */
export class Random {
  readonly #state: Int32Array;

  /**
   * @param seed   an integer
   * @param stream separates generators of one seed
   */
  constructor(seed: number, stream = "") {
    this.#state = new Int32Array(4);
    let mixed = splitMix(splitMix(seed | 0) ^ Math.floor(seed / 2 ** 32) ^ hash(stream));
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0;
      this.#state[i] = splitMix(mixed);
    }
    // The one state that never leaves itself.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** Continues from a saved state. */
  static from(state: RandomState): Random {
    const random = new Random(0);
    random.#state.set(state);
    return random;
  }

  /** To continue from later. */
  get state(): RandomState {
    const [a, b, c, d] = this.#state;
    return [a! >>> 0, b! >>> 0, c! >>> 0, d! >>> 0];
  }

  /** The next integer in [0, 2³²). */
  bits(): number {
    // By index: a network draws millions, and taking the array apart takes three times as long.
    const state = this.#state;
    const a = state[0]!;
    const b = state[1]!;
    const c = state[2]! ^ a;
    const d = state[3]! ^ b;
    state[0] = a ^ d;
    state[1] = b ^ c;
    state[2] = c ^ (b << 9);
    state[3] = rotateLeft(d, 11);
    return Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
  }

  /** Uniform in [0, 1), with 53 bits. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** Uniform integer in [0, bound), without bias. */
  integer(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = this.bits();
    while (value >= limit) value = this.bits();
    return value % bound;
  }

  /** A standard normal value. */
  normal(): number {
    const pair = [0, 0];
    this.fillNormal(pair);
    return pair[0]!;
  }

  /**
   * Fills `values` with standard normal values, by Marsaglia's polar method: two of them from a
   * point in the unit disc.
   */
  fillNormal(values: { readonly length: number; [index: number]: number }): void {
    for (let i = 0; i < values.length; i += 2) {
      let x: number;
      let y: number;
      let square: number;
      do {
        x = 2 * this.uniform() - 1;
        y = 2 * this.uniform() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const factor = Math.sqrt((-2 * logarithm(square)) / square);
      values[i] = x * factor;
      if (i + 1 < values.length) values[i + 1] = y * factor;
    }
  }

  /** Fisher–Yates, in place. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}

/** `1 / (2k + 1)`, of the series of artanh. */
const ODD_RECIPROCALS = Array.from({ length: 13 }, (_, k) => 1 / (2 * k + 1));

/** `ln x` for 0 < x ≤ 1, to about one ulp: `2·artanh((m − 1) / (m + 1)) + e·ln 2`, `x = m·2ᵉ`. */
function logarithm(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  // |ratio| < 0.172: the twelfth term is below 2⁻⁵³ of the first.
  let sum = 0;
  for (let k = 12; k >= 0; k--) sum = sum * square + ODD_RECIPROCALS[k]!;
  return 2 * ratio * sum + exponent * Math.LN2;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function splitMix(word: number): number {
  let z = (word + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
