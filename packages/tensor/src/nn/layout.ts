import { formatShape, numel, type Shape, ShapeError } from "@fauxgrad/kernels";

/**
 * How a checkpoint's array, in PyTorch's order, lies in our memory: seen as an array of shape
 * `view`, its axes are permuted, and the result is joined into `shape`.
 */
export interface Layout {
  readonly name: string;
  /** The shape whose axes are permuted; default: PyTorch's. */
  view?(torch: Shape): Shape;
  /** Axis of the view that stands at each place of ours. */
  readonly axes: readonly number[] | null;
  /** Our shape, from the permuted one; default: the permuted one. */
  join?(permuted: Shape): Shape;
}

/** PyTorch's order is ours: vectors, scalars. */
export const unchanged: Layout = { name: "unchanged", axes: null };

/** Any order of the axes: `axes[i]` is the PyTorch axis at our place `i`. */
export function permutation(axes: readonly number[]): Layout {
  return { name: `permutation [${axes.join(", ")}]`, axes };
}

/** `[O, I / groups, KH, KW]` becomes `[KH, KW, I / groups, O]`. */
export const convolution: Layout = { name: "convolution", axes: [2, 3, 1, 0] };

/** `[out, in]` becomes `[in, out]`. */
export const linear: Layout = { name: "linear", axes: [1, 0] };

/**
 * A linear layer behind a flattened map. PyTorch flattens `[C, H, W]`, we `[H, W, C]`:
 * `[out, C·H·W]` becomes `[H·W·C, out]`.
 */
export function flattenedLinear(channels: number, height: number, width: number): Layout {
  return {
    name: `linear over [${height}, ${width}, ${channels}]`,
    view: ([outFeatures = 1]) => [outFeatures, channels, height, width],
    axes: [2, 3, 1, 0],
    join: (permuted) => [channels * height * width, permuted.at(-1) ?? 1],
  };
}

interface Resolved {
  readonly view: Shape;
  readonly axes: readonly number[];
  readonly permuted: Shape;
  readonly shape: Shape;
}

function resolve(layout: Layout, torch: Shape): Resolved {
  const view = layout.view?.(torch) ?? torch;
  const axes = layout.axes ?? view.map((_, axis) => axis);
  const complete = axes.length === view.length && new Set(axes).size === axes.length;
  if (!complete || numel(view) !== numel(torch) || axes.some((axis) => view[axis] === undefined)) {
    throw new ShapeError(
      `layout: "${layout.name}" does not fit the parameter\n` +
        `  parameter  ${formatShape(torch)}, seen as ${formatShape(view)}\n` +
        "Choose the layout that has as many axes as the parameter.",
    );
  }
  const permuted = axes.map((axis) => view[axis] ?? 1);
  return { view, axes, permuted, shape: layout.join?.(permuted) ?? permuted };
}

/** Our shape of a parameter whose PyTorch shape is `torch`. */
export function deviceShape(layout: Layout, torch: Shape): Shape {
  return resolve(layout, torch).shape;
}

/** Values in PyTorch's order to ours. */
export function toDeviceOrder(
  layout: Layout,
  torch: Shape,
  values: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const { view, axes } = resolve(layout, torch);
  return transpose(values, view, axes);
}

/** Values in our order to PyTorch's. */
export function toTorchOrder(
  layout: Layout,
  torch: Shape,
  values: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const { axes, permuted } = resolve(layout, torch);
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return transpose(values, permuted, inverse);
}

/** Columns of a matrix that are transposed at a time. */
const COLUMNS = 32;

/** `output[i₀, i₁, …] = values[…]` with axis `axes[k]` of the values at place `k`. */
function transpose(
  values: Float32Array<ArrayBuffer>,
  shape: Shape,
  axes: readonly number[],
): Float32Array<ArrayBuffer> {
  if (values.length !== numel(shape)) {
    throw new ShapeError(
      `layout: ${values.length} values do not fill ${formatShape(shape)} (${numel(shape)})\n` +
        "An initialiser returns one value for every element of the shape it is given.",
    );
  }
  if (axes.every((axis, place) => axis === place)) return values;
  const strides = shape.map((_, axis) => numel(shape.slice(axis + 1)));
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const innerSize = sizes.at(-1)!;
  const innerStep = steps.at(-1)!;
  const output = new Float32Array(values.length);
  const position = new Array<number>(sizes.length).fill(0);
  // A few columns at a time: the lines of the values that they lie in stay in cache from row to row.
  for (let first = 0; first < innerSize; first += COLUMNS) {
    const last = Math.min(first + COLUMNS, innerSize);
    let start = 0;
    for (let row = 0; row < output.length; row += innerSize) {
      for (let i = first; i < last; i++) output[row + i] = values[start + i * innerStep]!;
      // The next row: count up the outer axes, like an odometer, which ends where it began.
      for (let axis = sizes.length - 2; axis >= 0; axis--) {
        start += steps[axis]!;
        if (++position[axis]! < sizes[axis]!) break;
        position[axis] = 0;
        start -= steps[axis]! * sizes[axis]!;
      }
    }
  }
  return output;
}
