// Conversions between binary32 and the two 16-bit formats, on the bits: JavaScript numbers would
// lose the payload of a NaN, and Float16Array is not everywhere yet.
//
//   float16   1 sign  5 exponent (bias 15)   10 fraction
//   bfloat16  1 sign  8 exponent (bias 127)   7 fraction: the upper half of a float32
//   float32   1 sign  8 exponent (bias 127)  23 fraction

const FLOAT32_INFINITY = 0x7f800000;

function bitsOfFloat16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | FLOAT32_INFINITY | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal: shift the leading one to bit 10, where a normal number has its hidden one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

function float16OfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // A NaN keeps the top of its payload and is quiet, so that it cannot become an infinity.
  if (magnitude > FLOAT32_INFINITY) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 2^16 and above
  if (magnitude >= 0x38800000) {
    // Normal (2^-14 and above): add half a unit, less one when the kept part is even, and drop
    // 13 bits. A carry runs into the exponent and, from 65520 on, to infinity: that is right.
    const odd = (magnitude >>> 13) & 1;
    return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
  }
  if (magnitude < 0x33000000) return sign; // below 2^-25, half the smallest subnormal
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const midpoint = 1 << (shift - 1);
  const up = rest > midpoint || (rest === midpoint && (kept & 1) === 1);
  return sign | (up ? kept + 1 : kept);
}

function bfloat16OfBits(bits: number): number {
  if ((bits & 0x7fffffff) > FLOAT32_INFINITY) return (bits >>> 16) | 0x40;
  const odd = (bits >>> 16) & 1;
  return (bits + 0x7fff + odd) >>> 16;
}

/** Exact values of float16 bit patterns, as float32. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const output = new Float32Array(halves.length);
  const bits = new Uint32Array(output.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = bitsOfFloat16(halves[i]!);
  return output;
}

/** Exact values of bfloat16 bit patterns, as float32. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const output = new Float32Array(halves.length);
  const bits = new Uint32Array(output.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return output;
}

/** Float16 bit patterns nearest to `values`, ties to even; subnormals, infinities and NaN kept. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const output = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) output[i] = float16OfBits(bits[i]!);
  return output;
}

/** Bfloat16 bit patterns nearest to `values`, ties to even; subnormals, infinities and NaN kept. */
export function float32ToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const output = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) output[i] = bfloat16OfBits(bits[i]!);
  return output;
}
