/*
 * The 8 × 8 transforms of libjpeg-turbo's "islow" method, bit for bit (jfdctint.c, jidctint.c):
 * Loeffler, Ligtenberg and Moschytz' algorithm with constants of 13 fractional bits, two bits more
 * than needed between the passes. The forward transform's result is scaled up by 8.
 */

const CONST_BITS = 13;
const PASS1_BITS = 2;
const AFTER_PASS1 = CONST_BITS - PASS1_BITS;
const AFTER_PASS2 = CONST_BITS + PASS1_BITS;

// The cosines' sums times 2¹³, rounded.
const F_0_298 = 2446;
const F_0_390 = 3196;
const F_0_541 = 4433;
const F_0_765 = 6270;
const F_0_899 = 7373;
const F_1_175 = 9633;
const F_1_501 = 12299;
const F_1_847 = 15137;
const F_1_961 = 16069;
const F_2_053 = 16819;
const F_2_562 = 20995;
const F_3_072 = 25172;

/** Divided by `2^bits`, rounded to the nearest, halves up. */
function descale(value: number, bits: number): number {
  return (value + (1 << (bits - 1))) >> bits;
}

/**
 * The forward transform of a block of samples − 128, in place; 8 times as large as by definition.
 *
 * @param block 64 integers, row by row
 */
export function forwardDct(block: Int32Array): void {
  for (let row = 0; row < 64; row += 8) forwardLine(block, row, 1, true);
  for (let column = 0; column < 8; column += 1) forwardLine(block, column, 8, false);
}

function forwardLine(d: Int32Array, at: number, step: number, isFirst: boolean): void {
  const bits = isFirst ? AFTER_PASS1 : AFTER_PASS2;
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const sum07 = d[at]! + d[i7]!;
  const sum16 = d[i1]! + d[i6]!;
  const sum25 = d[i2]! + d[i5]!;
  const sum34 = d[i3]! + d[i4]!;
  const t4 = d[i3]! - d[i4]!;
  const t5 = d[i2]! - d[i5]!;
  const t6 = d[i1]! - d[i6]!;
  const t7 = d[at]! - d[i7]!;

  const even0 = sum07 + sum34;
  const even3 = sum07 - sum34;
  const even1 = sum16 + sum25;
  const even2 = sum16 - sum25;
  d[at] = isFirst ? (even0 + even1) << PASS1_BITS : descale(even0 + even1, PASS1_BITS);
  d[i4] = isFirst ? (even0 - even1) << PASS1_BITS : descale(even0 - even1, PASS1_BITS);
  const z = (even2 + even3) * F_0_541;
  d[i2] = descale(z + even3 * F_0_765, bits);
  d[i6] = descale(z - even2 * F_1_847, bits);

  const z5 = (t4 + t6 + t5 + t7) * F_1_175;
  const z1 = -(t4 + t7) * F_0_899;
  const z2 = -(t5 + t6) * F_2_562;
  const z3 = z5 - (t4 + t6) * F_1_961;
  const z4 = z5 - (t5 + t7) * F_0_390;
  d[i7] = descale(t4 * F_0_298 + z1 + z3, bits);
  d[i5] = descale(t5 * F_2_053 + z2 + z4, bits);
  d[i3] = descale(t6 * F_3_072 + z2 + z3, bits);
  d[i1] = descale(t7 * F_1_501 + z1 + z4, bits);
}

/**
 * The inverse transform of dequantised coefficients, in place: samples − 128, not yet clamped.
 *
 * @param block 64 integers, row by row
 */
export function inverseDct(block: Int32Array): void {
  for (let column = 0; column < 8; column += 1) inverseLine(block, column, 8, AFTER_PASS1);
  for (let row = 0; row < 64; row += 8) inverseLine(block, row, 1, AFTER_PASS2 + 3);
}

function inverseLine(d: Int32Array, at: number, step: number, bits: number): void {
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const z = (d[i2]! + d[i6]!) * F_0_541;
  const odd2 = z - d[i6]! * F_1_847;
  const odd3 = z + d[i2]! * F_0_765;
  const sum = (d[at]! + d[i4]!) << CONST_BITS;
  const difference = (d[at]! - d[i4]!) << CONST_BITS;
  const even0 = sum + odd3;
  const even3 = sum - odd3;
  const even1 = difference + odd2;
  const even2 = difference - odd2;

  const t0 = d[i7]!;
  const t1 = d[i5]!;
  const t2 = d[i3]!;
  const t3 = d[i1]!;
  const z5 = (t0 + t2 + t1 + t3) * F_1_175;
  const z1 = -(t0 + t3) * F_0_899;
  const z2 = -(t1 + t2) * F_2_562;
  const z3 = z5 - (t0 + t2) * F_1_961;
  const z4 = z5 - (t1 + t3) * F_0_390;
  const o0 = t0 * F_0_298 + z1 + z3;
  const o1 = t1 * F_2_053 + z2 + z4;
  const o2 = t2 * F_3_072 + z2 + z3;
  const o3 = t3 * F_1_501 + z1 + z4;
  d[at] = descale(even0 + o3, bits);
  d[i7] = descale(even0 - o3, bits);
  d[i1] = descale(even1 + o2, bits);
  d[i6] = descale(even1 - o2, bits);
  d[i2] = descale(even2 + o1, bits);
  d[i5] = descale(even2 - o1, bits);
  d[i3] = descale(even3 + o0, bits);
  d[i4] = descale(even3 - o0, bits);
}
