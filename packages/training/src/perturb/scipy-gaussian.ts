/*
 * The Gaussian blur of CNNDetection and T-GD: scipy.ndimage.gaussian_filter of each channel, in
 * place on bytes. SciPy computes in float64 and stores by truncation, once after each of its two
 * passes: a blurred image is about one grey level darker. Whoever compares with the papers' numbers
 * needs that; whoever does not may switch it off.
 *
 * Whether a flat area keeps its level or loses one depends on the last bit of the taps' sum, so
 * that sums are made in SciPy's and NumPy's order.
 */
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";

/** How results become bytes. */
export interface ScipyGaussianOptions {
  /** True, SciPy's way: after each pass, downwards. False: once at the end, to the nearest. */
  readonly truncate?: boolean;
}

/**
 * The image blurred by a Gaussian of `sigma` pixels, cut off at ⌊4σ + ½⌋; the border mirrors the
 * image and repeats its edge. Columns first, then rows.
 *
 * @throws {RangeError} if `sigma` is negative or not finite
 * @see scipy.ndimage.gaussian_filter, which it matches
 */
export function scipyGaussianBlur(
  image: RgbImage,
  sigma: number,
  { truncate = true }: ScipyGaussianOptions = {},
): RgbImage {
  const { width, height, data } = rgbImage(image.width, image.height, image.data);
  if (!(sigma >= 0 && Number.isFinite(sigma))) {
    throw new RangeError(
      `scipyGaussianBlur: sigma is ${sigma}\nPass a standard deviation in pixels, at least 0.`,
    );
  }
  const taps = gaussianTaps(sigma);
  const stride = width * 3;
  const columns = Array.from({ length: stride }, (_, i) => i);
  const rows = Array.from({ length: height * 3 }, (_, i) => Math.floor(i / 3) * stride + (i % 3));
  const first = blurLines(data, taps, { starts: columns, step: stride, count: height });
  // A byte array truncates what it is given, a clamped one rounds.
  const between = truncate ? Uint8Array.from(first) : first;
  const second = blurLines(between, taps, { starts: rows, step: 3, count: width });
  const bytes = truncate ? Uint8Array.from(second) : new Uint8Array(clamped(second).buffer);
  return { width, height, data: bytes };
}

function clamped(values: Float64Array): Uint8ClampedArray<ArrayBuffer> {
  return Uint8ClampedArray.from(values);
}

/** Which elements are a line: `count` of them, `step` apart, from each start. */
interface Lines {
  readonly starts: readonly number[];
  readonly step: number;
  readonly count: number;
}

/** `Σ_t tap[t] · (line[i − t] + line[i + t])`, from the outermost pair inwards, as SciPy sums. */
function blurLines(
  data: Uint8Array | Float64Array,
  taps: Float64Array,
  { starts, step, count }: Lines,
): Float64Array {
  const radius = taps.length >> 1;
  const places = Int32Array.from({ length: count + 2 * radius }, (_, i) =>
    mirroredPlace(i - radius, count),
  );
  const line = new Float64Array(places.length);
  const blurred = new Float64Array(data.length);
  for (const start of starts) {
    for (let i = 0; i < line.length; i += 1) line[i] = data[start + places[i]! * step]!;
    for (let i = 0; i < count; i += 1) {
      let sum = line[i + radius]! * taps[radius]!;
      for (let t = 0; t < radius; t += 1)
        sum += (line[i + t]! + line[i + 2 * radius - t]!) * taps[t]!;
      blurred[start + i * step] = sum;
    }
  }
  return blurred;
}

/** ... 1 0 | 0 1 2 ... n−1 | n−1 n−2 ... */
function mirroredPlace(place: number, count: number): number {
  const within = ((place % (2 * count)) + 2 * count) % (2 * count);
  return Math.min(within, 2 * count - 1 - within);
}

/** `exp(−t² / 2σ²)` over its sum. */
function gaussianTaps(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  if (radius === 0) return Float64Array.of(1);
  const factor = -0.5 / (sigma * sigma);
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(factor * (i - radius) ** 2),
  );
  const total = pairwiseSum(taps);
  return taps.map((tap) => tap / total);
}

/** NumPy's order of summation: eight sums side by side, halves of what is longer than 128. */
function pairwiseSum(values: Float64Array): number {
  const { length } = values;
  if (length < 8) return values.reduce((sum, value) => sum + value, 0);
  if (length > 128) {
    const half = (length >> 1) - ((length >> 1) % 8);
    return pairwiseSum(values.subarray(0, half)) + pairwiseSum(values.subarray(half));
  }
  const sums = Float64Array.from(values.subarray(0, 8));
  const even = length - (length % 8);
  for (let i = 8; i < even; i += 1) sums[i % 8] = sums[i % 8]! + values[i]!;
  const pair = (i: number) => sums[i]! + sums[i + 1]!;
  let sum = pair(0) + pair(2) + (pair(4) + pair(6));
  for (let i = even; i < length; i += 1) sum += values[i]!;
  return sum;
}
