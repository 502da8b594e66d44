import { ShapeError } from "../../errors.ts";
import { formatShape, type Shape } from "../../shape.ts";
import type { Pair } from "../conv2d/geometry.ts";

/** Windows of a pooling. */
export interface Pool2dOptions {
  readonly kernelSize: Pair;
  /** Default: `kernelSize`. */
  readonly stride?: Pair;
  /** Rows and columns added on each side; at most half the kernel. Default 0. */
  readonly padding?: Pair;
  /** Let the last window hang over the right and bottom edge. Default false. */
  readonly ceilMode?: boolean;
}

/** Windows of {@link maxPool2d}. */
export interface MaxPool2dOptions extends Pool2dOptions {
  /** Distance of a window's elements. Default 1. */
  readonly dilation?: Pair;
}

/** Windows of {@link avgPool2d}. */
export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether padding counts as elements (zeros) of the mean. Default true. */
  readonly countIncludePad?: boolean;
}

/** The resolved sizes of a pooling; pairs are `[vertical, horizontal]`. */
export interface Pool2dGeometry {
  /** `[N, H, W, C]` */
  readonly input: readonly [number, number, number, number];
  /** `[N, OH, OW, C]` */
  readonly output: readonly [number, number, number, number];
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly countIncludePad: boolean;
}

/**
 * Sizes of a pooling with sliding windows:
 * `OH = ⌊(H + 2·padding − dilation·(KH − 1) − 1) / stride⌋ + 1`, or `⌈…⌉` with `ceilMode`, less a
 * last window that would start beyond the padded input.
 *
 * @throws {ShapeError} if the input has not four axes, an option is out of range, or a window would
 *   hold nothing but padding
 */
export function pool2dGeometry(
  op: string,
  input: Shape,
  options: MaxPool2dOptions & AvgPool2dOptions,
): Pool2dGeometry {
  const [n, h, w, c] = imageShape(op, input);
  const kernelSize = pair(op, "kernelSize", options.kernelSize, 1);
  const stride = pair(op, "stride", options.stride ?? options.kernelSize, 1);
  const padding = pair(op, "padding", options.padding ?? 0, 0);
  const dilation = pair(op, "dilation", options.dilation ?? 1, 1);
  const { ceilMode = false, countIncludePad = true } = options;
  const outputSize = (axis: 0 | 1): number => {
    const size = axis === 0 ? h : w;
    const [k, s, p, d] = [kernelSize[axis], stride[axis], padding[axis], dilation[axis]];
    if (p > k / 2) {
      throw new ShapeError(
        `${op}: padding ${p} is more than half of kernelSize ${k}\n` +
          `  input  ${formatShape(input)}\n` +
          "Pad by at most half the kernel, or pad the input beforehand.",
      );
    }
    const span = size + 2 * p - d * (k - 1) - 1;
    let count = (ceilMode ? Math.ceil(span / s) : Math.floor(span / s)) + 1;
    // A window must start inside the input or the padding before it.
    if (ceilMode && (count - 1) * s >= size + p) count--;
    if (span < 0 || count < 1 || hasEmptyWindow(size, count, k, s, p, d)) {
      throw new ShapeError(
        `${op}: a window of ${k} elements at dilation ${d} does not fit ` +
          `${axis === 0 ? "height" : "width"} ${size} with padding ${p}\n` +
          `  input  ${formatShape(input)}\n` +
          "Use a smaller kernel or dilation, or a larger input.",
      );
    }
    return count;
  };
  const output = [n, outputSize(0), outputSize(1), c] as const;
  return { input: [n, h, w, c], output, kernelSize, stride, padding, dilation, countIncludePad };
}

/** Whether some window's elements all lie in the padding: its maximum does not exist. */
function hasEmptyWindow(
  size: number,
  count: number,
  k: number,
  s: number,
  p: number,
  d: number,
): boolean {
  for (let o = 0; o < count; o++) {
    const start = o * s - p;
    const first = start < 0 ? start + d * Math.ceil(-start / d) : start;
    if (first >= size || first > start + d * (k - 1)) return true;
  }
  return false;
}

/**
 * `[N, H, W, C]` of an array of images.
 *
 * @throws {ShapeError} if it has not four axes
 */
export function imageShape(op: string, input: Shape): readonly [number, number, number, number] {
  const [n, h, w, c] = input;
  if (
    input.length !== 4 ||
    n === undefined ||
    h === undefined ||
    w === undefined ||
    c === undefined
  ) {
    throw new ShapeError(
      `${op}: input has ${input.length} axes, expected 4\n  input  ${formatShape(input)}\n` +
        "Pass [N, H, W, C].",
    );
  }
  return [n, h, w, c];
}

/**
 * Both sizes of an option.
 *
 * @throws {ShapeError} if one is not an integer of at least `least`
 */
export function pair(
  op: string,
  name: string,
  value: Pair,
  least: number,
): readonly [number, number] {
  const both = typeof value === "number" ? ([value, value] as const) : value;
  for (const size of both) {
    if (!Number.isInteger(size) || size < least) {
      throw new ShapeError(
        `${op}: ${name} = ${formatShape(both)} is out of range\n` +
          `Pass integers of at least ${least}.`,
      );
    }
  }
  return both;
}
