import { ShapeError } from "../../errors.ts";
import { formatShape, type Shape } from "../../shape.ts";
import { type Padding, type Pair, sides } from "../conv2d/geometry.ts";
import { imageShape, pair } from "../pool2d/geometry.ts";

/** Options of {@link upfirdn2d}. */
export interface Upfirdn2dOptions {
  /** Factor of up-sampling: `up − 1` zeros after each element. Default 1. */
  readonly up?: Pair;
  /** Factor of down-sampling: every `down`-th element is kept. Default 1. */
  readonly down?: Pair;
  /** Zeros around the up-sampled input; negative numbers crop. Default 0. */
  readonly padding?: Padding;
  /** Correlate instead of convolve: the kernel is not turned by 180°. Default false. */
  readonly flipKernel?: boolean;
}

/** The resolved sizes of {@link upfirdn2d}; pairs are `[vertical, horizontal]`. */
export interface Upfirdn2dGeometry {
  /** `[N, H, W, C]` */
  readonly input: readonly [number, number, number, number];
  /** `[N, OH, OW, C]` */
  readonly output: readonly [number, number, number, number];
  /** `[KH, KW]` */
  readonly kernel: readonly [number, number];
  readonly up: readonly [number, number];
  readonly down: readonly [number, number];
  /** `[top, bottom, left, right]` */
  readonly padding: readonly [number, number, number, number];
  readonly flipKernel: boolean;
}

/**
 * Sizes of {@link upfirdn2d}: `OH = ⌊(H·up + top + bottom − KH) / down⌋ + 1`.
 *
 * @throws {ShapeError} if an operand has the wrong number of axes, an option is out of range, or the
 *   kernel exceeds the padded input
 */
export function upfirdn2dGeometry(
  input: Shape,
  kernel: Shape,
  options: Upfirdn2dOptions = {},
): Upfirdn2dGeometry {
  const [n, h, w, c] = imageShape("upfirdn2d", input);
  const [kh, kw] = kernel;
  if (kernel.length !== 2 || kh === undefined || kw === undefined) {
    throw new ShapeError(
      `upfirdn2d: kernel has ${kernel.length} axes, expected 2\n` +
        `  kernel  ${formatShape(kernel)}\nPass [KH, KW], shared by all channels.`,
    );
  }
  const up = pair("upfirdn2d", "up", options.up ?? 1, 1);
  const down = pair("upfirdn2d", "down", options.down ?? 1, 1);
  const padding = sides(options.padding ?? 0);
  if (!padding.every(Number.isInteger)) {
    throw new ShapeError(
      `upfirdn2d: padding ${formatShape(padding)} is out of range\nPass integers.`,
    );
  }
  const [top, bottom, left, right] = padding;
  const padded = [h * up[0] + top + bottom, w * up[1] + left + right] as const;
  if (padded[0] < kh || padded[1] < kw) {
    throw new ShapeError(
      `upfirdn2d: the kernel exceeds the padded input ${formatShape(padded)}\n` +
        `  input   ${formatShape(input)}\n  kernel  ${formatShape(kernel)}\n` +
        "Pad more, or use a smaller kernel.",
    );
  }
  const oh = Math.floor((padded[0] - kh) / down[0]) + 1;
  const ow = Math.floor((padded[1] - kw) / down[1]) + 1;
  const { flipKernel = false } = options;
  return {
    input: [n, h, w, c],
    output: [n, oh, ow, c],
    kernel: [kh, kw],
    up,
    down,
    padding,
    flipKernel,
  };
}

/**
 * The geometry of the adjoint, which is the gradient with respect to the input.
 *
 * On one axis, with f the kernel as correlated and p the leading padding,
 * `y[o] = Σ_i x[i] · f[i·up + p − o·down]`, f being 0 outside `[0, K)`. Hence
 * `∂L/∂x[i] = Σ_o g[o] · f[i·up + p − o·down]`. The same operation with up and down exchanged, the
 * kernel reversed (`f̄[a] = f[K − 1 − a]`) and leading padding p̄ computes
 * `Σ_o g[o] · f̄[o·down + p̄ − i·up] = Σ_o g[o] · f[K − 1 − p̄ + i·up − o·down]`: equal for
 * `p̄ = K − 1 − p`. The trailing padding follows from the size that must come out,
 * `(H − 1)·up + K = OH·down + p̄ + q̄`. Either may be negative: a crop.
 */
export function upfirdn2dAdjoint(geometry: Upfirdn2dGeometry): Upfirdn2dGeometry {
  const { input, output, kernel, up, down, padding, flipKernel } = geometry;
  const [top, , left] = padding;
  const leading = [kernel[0] - 1 - top, kernel[1] - 1 - left] as const;
  const trailing = (axis: 0 | 1, size: number, count: number): number =>
    (size - 1) * up[axis] + kernel[axis] - count * down[axis] - leading[axis];
  return {
    input: output,
    output: input,
    kernel,
    up: down,
    down: up,
    padding: [
      leading[0],
      trailing(0, input[1], output[1]),
      leading[1],
      trailing(1, input[2], output[2]),
    ],
    flipKernel: !flipKernel,
  };
}
