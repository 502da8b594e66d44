/*
 * The discrete Fourier transform of an image, by Cooley and Tukey's radix-2 algorithm: rows, then
 * columns. For statistics of small squares, on the host and in float64.
 */

/** Sines of one length, which many transforms share. */
interface Twiddles {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

function twiddlesOf(size: number): Twiddles {
  const angle = (k: number) => (2 * Math.PI * k) / size;
  return {
    cosines: Float64Array.from({ length: size / 2 }, (_, k) => Math.cos(angle(k))),
    sines: Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin(angle(k))),
  };
}

/** A line of complex numbers within two arrays. */
interface Line {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly start: number;
  readonly step: number;
}

/** In place: `X[k] = Σ_n x[n] · e^(−2πi·kn / size)`. */
function transformLine(line: Line, size: number, { cosines, sines }: Twiddles): void {
  const { real, imaginary, start, step } = line;
  reverseBits(line, size);
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let block = 0; block < size; block += 2 * half) {
      for (let k = 0; k < half; k += 1) {
        const [c, s] = [cosines[k * stride]!, sines[k * stride]!];
        const upper = start + (block + k) * step;
        const lower = upper + half * step;
        const re = real[lower]! * c - imaginary[lower]! * s;
        const im = real[lower]! * s + imaginary[lower]! * c;
        real[lower] = real[upper]! - re;
        imaginary[lower] = imaginary[upper]! - im;
        real[upper] = real[upper]! + re;
        imaginary[upper] = imaginary[upper]! + im;
      }
    }
  }
}

/** The order in which the halves of halves are found. */
function reverseBits({ real, imaginary, start, step }: Line, size: number): void {
  let reversed = 0;
  for (let i = 1; i < size; i += 1) {
    let bit = size >> 1;
    for (; (reversed & bit) !== 0; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (i >= reversed) continue;
    const [a, b] = [start + i * step, start + reversed * step];
    for (const values of [real, imaginary]) {
      const kept = values[a]!;
      values[a] = values[b]!;
      values[b] = kept;
    }
  }
}

/**
 * The power of each frequency: `P[v, u] = |Σ_yx f[y, x] · e^(−2πi·(ux + vy) / size)|²`.
 *
 * @param values `[size, size]`
 * @returns `[size, size]`, the frequency 0 first
 * @throws {RangeError} unless the size is a power of two, and there are that many values
 * @see numpy.fft.fft2, whose squared magnitude it matches
 */
export function powerSpectrum(values: ArrayLike<number>, size: number): Float64Array {
  if (!(size >= 2 && Number.isInteger(Math.log2(size))) || values.length !== size * size) {
    throw new RangeError(
      `powerSpectrum: ${values.length} values, size ${size}\n` +
        "Pass a square whose side is a power of two.",
    );
  }
  const real = Float64Array.from(values);
  const imaginary = new Float64Array(real.length);
  const twiddles = twiddlesOf(size);
  for (let row = 0; row < size; row += 1) {
    transformLine({ real, imaginary, start: row * size, step: 1 }, size, twiddles);
  }
  for (let column = 0; column < size; column += 1) {
    transformLine({ real, imaginary, start: column, step: size }, size, twiddles);
  }
  return real.map((value, i) => value * value + imaginary[i]! * imaginary[i]!);
}
