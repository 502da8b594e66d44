import { ShapeError } from "../../errors.ts";
import { formatShape, type Shape } from "../../shape.ts";

/** One number for both axes, or `[vertical, horizontal]`. */
export type Pair = number | readonly [number, number];

/** Zero padding: one number, `[vertical, horizontal]` or `[top, bottom, left, right]`. */
export type Padding = Pair | readonly [number, number, number, number];

/** PyTorch's options of a convolution; padding may differ on the four sides. */
export interface Conv2dOptions {
  readonly stride?: Pair;
  readonly padding?: Padding;
  readonly dilation?: Pair;
  readonly groups?: number;
}

/** The resolved sizes of a convolution: validated once, trusted everywhere. */
export interface Conv2dGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  /** Input channels. */
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  /** Output channels. */
  readonly o: number;
  readonly oh: number;
  readonly ow: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
}

/** `[vertical, horizontal]` of an option. */
export function pair(value: Pair): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

/** `[top, bottom, left, right]` of an option. */
export function sides(padding: Padding): readonly [number, number, number, number] {
  if (typeof padding === "number") return [padding, padding, padding, padding];
  if (padding.length === 4) return padding;
  return [padding[0], padding[0], padding[1], padding[1]];
}

/**
 * Output size `⌊(size + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1` of one axis, with the
 * padding of both sides added up.
 */
export function convOutputSize(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
): number {
  return Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

function checkOptions(name: string, values: readonly number[], minimum: number): void {
  for (const value of values) {
    if (!Number.isInteger(value) || value < minimum) {
      throw new ShapeError(
        `conv2d: ${name} ${JSON.stringify(values)} must be integers of at least ${minimum}`,
      );
    }
  }
}

/**
 * Resolves a convolution.
 *
 * @param input  `[N, H, W, C]`
 * @param weight `[KH, KW, C / groups, O]`
 * @throws {ShapeError} if ranks, channels or groups do not agree, or the kernel exceeds the padded input
 */
export function conv2dGeometry(
  input: Shape,
  weight: Shape,
  options: Conv2dOptions = {},
): Conv2dGeometry {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const operands = `  input   ${formatShape(input)}\n  weight  ${formatShape(weight)}`;
  if (input.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      `conv2d: input must be [N, H, W, C] and weight [KH, KW, C / groups, O]\n${operands}`,
    );
  }
  const [n, h, w, c] = input as [number, number, number, number];
  const [kh, kw, groupChannels, o] = weight as [number, number, number, number];
  const [strideH, strideW] = pair(stride);
  const [dilationH, dilationW] = pair(dilation);
  const [padTop, padBottom, padLeft, padRight] = sides(padding);
  checkOptions("stride", [strideH, strideW], 1);
  checkOptions("dilation", [dilationH, dilationW], 1);
  checkOptions("padding", [padTop, padBottom, padLeft, padRight], 0);
  checkOptions("groups", [groups], 1);
  if (c !== groupChannels * groups) {
    throw new ShapeError(
      `conv2d: input has ${c} channels, weight expects ${groupChannels * groups} ` +
        `(weight.shape[2] = ${groupChannels}, groups = ${groups})\n${operands}\n` +
        `Pass an input with ${groupChannels * groups} channels, or choose groups so that ` +
        "input channels = weight.shape[2] × groups.",
    );
  }
  if (o % groups !== 0) {
    throw new ShapeError(
      `conv2d: ${o} output channels do not divide into ${groups} groups\n${operands}`,
    );
  }
  const oh = convOutputSize(h, kh, strideH, padTop + padBottom, dilationH);
  const ow = convOutputSize(w, kw, strideW, padLeft + padRight, dilationW);
  if (oh < 1 || ow < 1) {
    const extent = [dilationH * (kh - 1) + 1, dilationW * (kw - 1) + 1];
    const padded = [h + padTop + padBottom, w + padLeft + padRight];
    throw new ShapeError(
      `conv2d: kernel of ${extent.join("×")} exceeds the padded input of ${padded.join("×")}\n` +
        `${operands}\nUse a larger input, more padding or less dilation.`,
    );
  }
  return {
    n,
    h,
    w,
    c,
    kh,
    kw,
    o,
    oh,
    ow,
    strideH,
    strideW,
    padTop,
    padLeft,
    dilationH,
    dilationW,
    groups,
  };
}
