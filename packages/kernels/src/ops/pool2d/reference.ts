// Pooling in float64, straight from the definition: list a window's elements, then reduce them.

/** Windows of a reference; pairs are `[vertical, horizontal]`. */
export interface ReferenceWindows {
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
}

type Images = readonly [n: number, h: number, w: number, c: number];

/** Positions of one window on one axis, padding included (negative, or ≥ the size). */
type Windows = readonly (readonly number[])[];

interface Result {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
  readonly shape: number[];
}

function slidingWindows(size: number, axis: 0 | 1, options: ReferenceWindows): Windows {
  const k = options.kernelSize[axis];
  const s = options.stride[axis];
  const p = options.padding?.[axis] ?? 0;
  const d = options.dilation?.[axis] ?? 1;
  const windows: number[][] = [];
  for (let start = -p; ; start += s) {
    const fits = start + d * (k - 1) < size + p;
    const hangsOver = options.ceilMode === true && start < size && windows.length * s < size + p;
    // A window that hangs over is the last: the one before it reached not the end.
    const before = start - s + d * (k - 1);
    if (!fits && !(hangsOver && before < size + p - 1)) return windows;
    windows.push(Array.from({ length: k }, (_, i) => start + i * d));
  }
}

function adaptiveWindows(size: number, count: number): Windows {
  return Array.from({ length: count }, (_, o) => {
    const first = Math.floor((o * size) / count);
    const last = Math.ceil(((o + 1) * size) / count);
    return Array.from({ length: last - first }, (_, i) => first + i);
  });
}

/** `reduce` gets the elements of a window inside the input, and the positions of all. */
function pool(
  input: ArrayLike<number>,
  [n, h, w, c]: Images,
  rows: Windows,
  columns: Windows,
  reduce: (inside: number[], ys: readonly number[], xs: readonly number[]) => number,
): Result {
  const data: number[] = [];
  const magnitude: number[] = [];
  for (let image = 0; image < n; image++) {
    for (const ys of rows) {
      for (const xs of columns) {
        for (let channel = 0; channel < c; channel++) {
          const inside: number[] = [];
          for (const y of ys) {
            for (const x of xs) {
              if (y < 0 || y >= h || x < 0 || x >= w) continue;
              inside.push(input[((image * h + y) * w + x) * c + channel]!);
            }
          }
          data.push(reduce(inside, ys, xs));
          magnitude.push(reduce(inside.map(Math.abs), ys, xs));
        }
      }
    }
  }
  const shape = [n, rows.length, columns.length, c];
  return { data: Float64Array.from(data), magnitude: Float64Array.from(magnitude), shape };
}

/** `max` over each window. */
export function maxPool2d(
  input: ArrayLike<number>,
  shape: Images,
  options: ReferenceWindows,
): Result {
  const rows = slidingWindows(shape[1], 0, options);
  const columns = slidingWindows(shape[2], 1, options);
  return pool(input, shape, rows, columns, (inside) => Math.max(...inside));
}

/** Mean over each window, padding counted unless `countIncludePad` is false. */
export function avgPool2d(
  input: ArrayLike<number>,
  shape: Images,
  options: ReferenceWindows,
): Result {
  const [, h, w] = shape;
  const [ph, pw] = options.padding ?? [0, 0];
  const rows = slidingWindows(h, 0, options);
  const columns = slidingWindows(w, 1, options);
  return pool(input, shape, rows, columns, (inside, ys, xs) => {
    const padded = ys.filter((y) => y < h + ph).length * xs.filter((x) => x < w + pw).length;
    const size = options.countIncludePad === false ? inside.length : padded;
    return inside.reduce((sum, value) => sum + value, 0) / size;
  });
}

/** Mean over windows that cover the input. */
export function adaptiveAvgPool2d(
  input: ArrayLike<number>,
  shape: Images,
  [oh, ow]: readonly [number, number],
): Result {
  const rows = adaptiveWindows(shape[1], oh);
  const columns = adaptiveWindows(shape[2], ow);
  return pool(
    input,
    shape,
    rows,
    columns,
    (inside) => inside.reduce((sum, value) => sum + value, 0) / inside.length,
  );
}
