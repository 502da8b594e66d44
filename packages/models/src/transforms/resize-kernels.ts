/*
 * The one-dimensional half of Pillow's resampling: filters, and the fixed-point weights of an axis.
 */

/** Pillow's windowed filters, in the order of their support. */
export type KernelName = "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";

interface Kernel {
  /** Half the width in source pixels, at scale 1. */
  readonly support: number;
  readonly weight: (t: number) => number;
}

/**
 * How to make one axis: output `o` is `Σ_j weights[o·taps + j] · input[start[o] + j]`, `j < count[o]`.
 */
export interface Axis {
  /** Number of outputs. */
  readonly length: number;
  /** Room for weights per output; `count[o] ≤ taps`. */
  readonly taps: number;
  readonly start: Int32Array;
  readonly count: Int32Array;
  /** Fixed point with 22 fractional bits. */
  readonly weights: Int32Array;
}

function sinc(t: number): number {
  if (t === 0) return 1;
  const angle = t * Math.PI;
  return Math.sin(angle) / angle;
}

/** Keys' cubic with a = -0.5; OpenCV and torch use -0.75. */
function bicubic(t: number): number {
  const a = -0.5;
  const x = Math.abs(t);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function hamming(t: number): number {
  const x = Math.abs(t);
  if (x === 0) return 1;
  if (x >= 1) return 0;
  const angle = x * Math.PI;
  return (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle));
}

const KERNELS: Record<KernelName, Kernel> = {
  box: { support: 0.5, weight: (t) => (t > -0.5 && t <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (t) => Math.max(0, 1 - Math.abs(t)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (t) => (t >= -3 && t < 3 ? sinc(t) * sinc(t / 3) : 0) },
};

/**
 * The weights that take `from` samples to `to` samples, as `precompute_coeffs` and
 * `normalize_coeffs_8bpc` of Pillow's Resample.c make them: in double, normalised to sum 1,
 * rounded half away from zero to 22 bits.
 */
export function resampleAxis(from: number, to: number, name: KernelName): Axis {
  const { support, weight } = KERNELS[name];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const radius = support * stretch;
  const taps = Math.ceil(radius) * 2 + 1;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * taps);
  const exact = new Float64Array(taps);
  for (let o = 0; o < to; o += 1) {
    const centre = (o + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - radius + 0.5));
    const high = Math.min(from, Math.trunc(centre + radius + 0.5));
    let total = 0;
    for (let j = 0; j < high - low; j += 1) {
      // Multiplied by the reciprocal, as Pillow does: a division rounds differently.
      const value = weight((j + low - centre + 0.5) * (1 / stretch));
      exact[j] = value;
      total += value;
    }
    start[o] = low;
    count[o] = high - low;
    for (let j = 0; j < high - low; j += 1) {
      const value = total === 0 ? exact[j]! : exact[j]! / total;
      weights[o * taps + j] = Math.trunc(value * (1 << 22) + (value < 0 ? -0.5 : 0.5));
    }
  }
  return { length: to, taps, start, count, weights };
}
