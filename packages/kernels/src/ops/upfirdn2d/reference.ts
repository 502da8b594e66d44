// Up-sample, pad, convolve, down-sample in float64, one step after the other on whole planes.

type Images = readonly [n: number, h: number, w: number, c: number];

/** Options of the reference; pairs are `[vertical, horizontal]`. */
export interface ReferenceOptions {
  readonly up: readonly [number, number];
  readonly down: readonly [number, number];
  /** `[top, bottom, left, right]` */
  readonly padding: readonly [number, number, number, number];
  readonly flipKernel?: boolean;
}

/** `data` with `Σ |terms|` of each element. */
export function upfirdn2d(
  input: ArrayLike<number>,
  [n, h, w, c]: Images,
  kernel: ArrayLike<number>,
  [kh, kw]: readonly [number, number],
  { up, down, padding, flipKernel = false }: ReferenceOptions,
): { data: Float64Array; magnitude: Float64Array; shape: number[] } {
  const [top, bottom, left, right] = padding;
  const tall = h * up[0] + top + bottom;
  const wide = w * up[1] + left + right;
  const oh = Math.floor((tall - kh) / down[0]) + 1;
  const ow = Math.floor((wide - kw) / down[1]) + 1;
  const shape = [n, oh, ow, c];
  const data = new Float64Array(n * oh * ow * c);
  const magnitude = new Float64Array(data.length);
  for (let plane = 0; plane < n * c; plane++) {
    const [image, channel] = [Math.floor(plane / c), plane % c];
    const padded = new Float64Array(tall * wide);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const [py, px] = [y * up[0] + top, x * up[1] + left];
        if (py < 0 || py >= tall || px < 0 || px >= wide) continue;
        padded[py * wide + px] = input[((image * h + y) * w + x) * c + channel]!;
      }
    }
    for (let y = 0; y < oh; y++) {
      for (let x = 0; x < ow; x++) {
        const at = ((image * oh + y) * ow + x) * c + channel;
        for (let a = 0; a < kh; a++) {
          for (let b = 0; b < kw; b++) {
            const tap = flipKernel ? a * kw + b : (kh - 1 - a) * kw + (kw - 1 - b);
            const term = kernel[tap]! * padded[(y * down[0] + a) * wide + x * down[1] + b]!;
            data[at]! += term;
            magnitude[at]! += Math.abs(term);
          }
        }
      }
    }
  }
  return { data, magnitude, shape };
}
