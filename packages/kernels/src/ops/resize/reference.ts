// Resizing in float64, from the formulas of the sample positions.

type Images = readonly [n: number, h: number, w: number, c: number];

interface Result {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
  readonly shape: number[];
}

/** Elements of an axis that an output takes, with their weights. */
type Taps = readonly (readonly [element: number, weight: number])[];

function bilinearTaps(o: number, size: number, count: number, alignCorners: boolean): Taps {
  const corner = count === 1 ? 0 : (o * (size - 1)) / (count - 1);
  const position = alignCorners ? corner : Math.max(((o + 0.5) * size) / count - 0.5, 0);
  const first = Math.min(Math.floor(position), size - 1);
  const weight = position - first;
  return [
    [first, 1 - weight],
    [Math.min(first + 1, size - 1), weight],
  ];
}

function resize(
  input: ArrayLike<number>,
  [n, h, w, c]: Images,
  rows: readonly Taps[],
  columns: readonly Taps[],
): Result {
  const shape = [n, rows.length, columns.length, c];
  const data = new Float64Array(n * rows.length * columns.length * c);
  const magnitude = new Float64Array(data.length);
  let at = 0;
  for (let image = 0; image < n; image++) {
    for (const ys of rows) {
      for (const xs of columns) {
        for (let channel = 0; channel < c; channel++, at++) {
          for (const [y, wy] of ys) {
            for (const [x, wx] of xs) {
              const value = input[((image * h + y) * w + x) * c + channel]!;
              data[at]! += wy * wx * value;
              // Positions are rounded: a weight may be off by some ulps of 1, however small it is.
              magnitude[at]! += Math.abs(value);
            }
          }
        }
      }
    }
  }
  return { data, magnitude, shape };
}

/** Bilinear interpolation to `[oh, ow]`. */
export function interpolateBilinear(
  input: ArrayLike<number>,
  shape: Images,
  [oh, ow]: readonly [number, number],
  alignCorners: boolean,
): Result {
  const taps = (size: number, count: number) =>
    Array.from({ length: count }, (_, o) => bilinearTaps(o, size, count, alignCorners));
  return resize(input, shape, taps(shape[1], oh), taps(shape[2], ow));
}

/** Nearest neighbour, enlarging by whole factors. */
export function upsampleNearest(
  input: ArrayLike<number>,
  shape: Images,
  [fh, fw]: readonly [number, number],
): Result {
  const taps = (size: number, factor: number) =>
    Array.from({ length: size * factor }, (_, o): Taps => [[Math.floor(o / factor), 1]]);
  return resize(input, shape, taps(shape[1], fh), taps(shape[2], fw));
}
