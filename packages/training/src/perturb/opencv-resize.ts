/*
 * OpenCV's bilinear and bicubic resizing of 8-bit images (modules/imgproc/src/resize.cpp): pixel
 * centres at halves, the border repeated, no antialiasing, weights of 11 bits. Rows first, kept as
 * integers; how the columns are rounded depends on the method and is copied below.
 *
 * Cubic columns are summed in float32 where OpenCV uses vectors, and in integers elsewhere. Here
 * it is always float32; the two differ by one level where a value lies on a half exactly.
 */
import { type ResizeSize, type RgbImage, rgbImage } from "@fauxgrad/models/transforms";

/** Which neighbours are mixed: 2 or 4 in either direction. */
export type OpenCvFilter = "linear" | "cubic";

/** Where one axis reads, and with which weights: `taps` of each for every output. */
interface Axis {
  readonly taps: number;
  readonly places: Int32Array;
  /** In units of 1/2048. */
  readonly weights: Int32Array;
}

const COEFFICIENT_BITS = 11;
const COEFFICIENT_SCALE = 1 << COEFFICIENT_BITS;

/**
 * The image resized as `cv2.resize(image, (width, height), interpolation=INTER_LINEAR)` or
 * `INTER_CUBIC` does it.
 *
 * @throws {RangeError} if a side is not a positive integer
 * @see OpenCV 4, cv::resize, which it matches
 */
export function openCvResize(image: RgbImage, size: ResizeSize, filter: OpenCvFilter): RgbImage {
  const { width, height, data } = rgbImage(image.width, image.height, image.data);
  const resized = rgbImage(size.width, size.height);
  resizeChannels({ width, height, data, channels: 3 }, resized, filter);
  return resized;
}

/**
 * {@link openCvResize} of a picture with any number of interleaved channels.
 *
 * @param resized takes the result: `[height, width, channels]`
 */
export function resizeChannels(
  source: { width: number; height: number; data: Uint8Array; channels: number },
  resized: { readonly width: number; readonly height: number; readonly data: Uint8Array },
  filter: OpenCvFilter,
): void {
  const { width, height, data, channels } = source;
  const columns = axisOf(width, resized.width, filter);
  const rows = axisOf(height, resized.height, filter);
  const { taps } = columns;
  const stride = resized.width * channels;
  const sums = new Int32Array(height * stride);
  for (let y = 0; y < height; y += 1) {
    for (let i = 0; i < stride; i += 1) {
      const first = Math.floor(i / channels) * taps;
      const channel = y * width * channels + (i % channels);
      let sum = 0;
      for (let t = first; t < first + taps; t += 1) {
        sum += data[channel + columns.places[t]! * channels]! * columns.weights[t]!;
      }
      sums[y * stride + i] = sum;
    }
  }
  const mixRows = filter === "linear" ? linearColumns : cubicColumns;
  mixRows(sums, rows, stride, resized.data);
}

/** `((w₀·(s₀ >> 4)) >> 16) + ((w₁·(s₁ >> 4)) >> 16)`, in quarters. */
function linearColumns(sums: Int32Array, rows: Axis, stride: number, output: Uint8Array): void {
  for (let y = 0; y * stride < output.length; y += 1) {
    const above = rows.places[2 * y]! * stride;
    const below = rows.places[2 * y + 1]! * stride;
    const [first, second] = [rows.weights[2 * y]!, rows.weights[2 * y + 1]!];
    for (let i = 0; i < stride; i += 1) {
      const quarters =
        ((first * (sums[above + i]! >> 4)) >> 16) + ((second * (sums[below + i]! >> 4)) >> 16);
      output[y * stride + i] = (quarters + 2) >> 2;
    }
  }
}

function cubicColumns(sums: Int32Array, rows: Axis, stride: number, output: Uint8Array): void {
  const clamped = new Uint8ClampedArray(output.buffer, output.byteOffset, output.length);
  const { fround } = Math;
  const scale = COEFFICIENT_SCALE ** 2;
  for (let y = 0; y * stride < output.length; y += 1) {
    const [w0, w1, w2, w3] = Array.from(rows.weights.subarray(4 * y, 4 * y + 4), (w) => w / scale);
    const [r0, r1, r2, r3] = Array.from(rows.places.subarray(4 * y, 4 * y + 4), (r) => r * stride);
    for (let i = 0; i < stride; i += 1) {
      // Each sum of a row has at most 20 bits and is exact in float32.
      let sum = fround(sums[r3! + i]! * w3!);
      sum = fround(fround(sums[r2! + i]! * w2!) + sum);
      sum = fround(fround(sums[r1! + i]! * w1!) + sum);
      // A clamped array rounds halves to even, as the processor does.
      clamped[y * stride + i] = fround(fround(sums[r0! + i]! * w0!) + sum);
    }
  }
}

/** Positions and weights are computed in float32, operation by operation. */
function axisOf(from: number, to: number, filter: OpenCvFilter): Axis {
  const taps = filter === "linear" ? 2 : 4;
  const places = new Int32Array(to * taps);
  const weights = new Int32Array(to * taps);
  const scale = 1 / (to / from);
  for (let o = 0; o < to; o += 1) {
    const position = Math.fround((o + 0.5) * scale - 0.5);
    const floor = Math.floor(position);
    const fraction = Math.fround(position - floor);
    const exact = filter === "linear" ? linearWeights(fraction) : cubicWeights(fraction);
    const first = floor + 1 - taps / 2;
    for (let t = 0; t < taps; t += 1) {
      places[o * taps + t] = Math.min(from - 1, Math.max(0, first + t));
      weights[o * taps + t] = halfToEven(exact[t]! * COEFFICIENT_SCALE);
    }
  }
  return { taps, places, weights };
}

function linearWeights(fraction: number): number[] {
  return [Math.fround(1 - fraction), fraction];
}

/** Keys' kernel with a = −0.75 at 1 + t, t, 1 − t and 2 − t. */
function cubicWeights(t: number): number[] {
  const f = Math.fround;
  const a = -0.75;
  const far = f(t + 1);
  const outer = f(f(f(f(f(f(a * far) + 3.75) * far) - 6) * far) + 3);
  const inner = (x: number) => f(f(f(f(f(1.25 * x) - 2.25) * x) * x) + 1);
  const [here, next] = [inner(t), inner(f(1 - t))];
  return [outer, here, next, f(f(f(1 - outer) - here) - next)];
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}
