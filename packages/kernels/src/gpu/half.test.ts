import { expect, test } from "vitest";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./half.ts";

const PATTERNS = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

/** The value of a bit pattern by the definition of IEEE 754, in float64. */
function definedValue(pattern: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern & 0x7fff) >>> fractionBits;
  const fraction = (pattern & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign / 0 : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The float32 after `value` in the direction of its sign, or before it. */
function neighbour(value: number, step: 1 | -1): number {
  const floats = Float32Array.of(value);
  const bits = new Uint32Array(floats.buffer);
  bits[0] = (bits[0] ?? 0) + step;
  return floats[0] ?? Number.NaN;
}

/** Where two arrays first differ, zeros of either sign and NaN told apart; -1 if nowhere. */
function firstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) if (!Object.is(actual[i], expected[i])) return i;
  return -1;
}

const FORMATS = [
  { name: "float16", exponentBits: 5, decode: float16ToFloat32, encode: float32ToFloat16 },
  { name: "bfloat16", exponentBits: 8, decode: bfloat16ToFloat32, encode: float32ToBfloat16 },
];

test.for(FORMATS)("$name decodes every pattern to its value", ({ exponentBits, decode }) => {
  const expected = Float64Array.from(PATTERNS, (pattern) => definedValue(pattern, exponentBits));
  expect(firstDifference(decode(PATTERNS), expected)).toBe(-1);
});

test.for(FORMATS)("$name encodes what it decoded", ({ decode, encode }) => {
  const values = decode(PATTERNS);
  const encoded = encode(values);
  expect(firstDifference(decode(encoded), values)).toBe(-1);
  const numbers = PATTERNS.filter((pattern) => !Number.isNaN(values[pattern]));
  expect(
    firstDifference(
      numbers.map((p) => encoded[p] ?? -1),
      numbers,
    ),
  ).toBe(-1);
});

test.for(FORMATS)("$name rounds to nearest, ties to even", ({ exponentBits, decode, encode }) => {
  const infinity = ((2 ** exponentBits - 1) << (15 - exponentBits)) & 0x7fff;
  const lower = PATTERNS.filter((pattern) => (pattern & 0x7fff) < infinity - 1);
  const values = decode(PATTERNS);
  const middle = Float32Array.from(lower, (p) => ((values[p] ?? 0) + (values[p + 1] ?? 0)) / 2);
  const even = lower.map((pattern) => pattern + (pattern & 1));
  const below = middle.map((value) => neighbour(value, -1));
  const above = middle.map((value) => neighbour(value, 1));
  expect(firstDifference(encode(middle), even)).toBe(-1);
  expect(firstDifference(encode(below), lower)).toBe(-1);
  expect(
    firstDifference(
      encode(above),
      lower.map((p) => p + 1),
    ),
  ).toBe(-1);
});

test("float16 overflows to infinity from half a unit above its largest value", () => {
  const values = Float32Array.of(65504, neighbour(65520, -1), 65520, 65536, 3e38, -65520);
  expect([...float32ToFloat16(values)]).toEqual([0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00]);
});

test("bfloat16 overflows to infinity from half a unit above its largest value", () => {
  const bits = Uint32Array.of(0x7f7f7fff, 0x7f7f8000, 0xff7f8000);
  expect([...float32ToBfloat16(new Float32Array(bits.buffer))]).toEqual([0x7f7f, 0x7f80, 0xff80]);
});

test("underflow keeps the sign", () => {
  expect([...float32ToFloat16(Float32Array.of(2 ** -26, -(2 ** -26), -0))]).toEqual([
    0, 0x8000, 0x8000,
  ]);
});

test("a NaN whose payload is below the kept bits stays a NaN", () => {
  const floats = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001).buffer);
  expect([...float32ToFloat16(floats)]).toEqual([0x7e00, 0xfe00]);
  expect([...float32ToBfloat16(floats)]).toEqual([0x7fc0, 0xffc0]);
});

test("reads a part of a larger buffer", () => {
  const floats = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
  expect([...float32ToFloat16(floats)]).toEqual([0x3c00, 0x4000]);
});
