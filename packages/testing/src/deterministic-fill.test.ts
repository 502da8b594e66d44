import { expect, test } from "vitest";
import {
  fillByName,
  fillByName64,
  fillByPlace,
  fnv1a,
  img8,
  mulberry32,
} from "./deterministic-fill.ts";

test("hashes and fills as the specification's appendix A.1 prints them", () => {
  expect(fnv1a("layer0.weight")).toBe(1862150756);
  // Printed with 16 and 17 decimals there, so compared as text.
  const printed = (name: string) => [...fillByName64(name, 4)].map((v) => v.toFixed(16));
  expect(printed("layer0.weight")).toEqual([
    "-0.9606917090713978",
    "-0.1031949301250279",
    "0.4595288746058941",
    "0.0546139990910888",
  ]);
  expect(printed("image")).toEqual([
    "-0.8386845141649246",
    "-0.2623512712307274",
    "-0.1705150529742241",
    "-0.4583889329805970",
  ]);
});

test("scales in float64 before it rounds to float32", () => {
  const exact = fillByName64("layer0.bias", 1000);
  const scaled = fillByName("layer0.bias", 1000, 0.1, 1);
  expect(scaled.every((value, i) => value === Math.fround(exact[i]! * 0.1 + 1))).toBe(true);
  expect(fillByName("layer0.bias", 3)).toEqual(Float32Array.from(exact.slice(0, 3)));
});

test("draws the specification's test picture", () => {
  const picture = img8(200, 300);
  expect([...picture.slice(0, 3)]).toEqual([148, 198, 143]);
  expect(picture.reduce((sum, byte) => sum + byte, 0)).toBe(23004241);
  expect(picture.reduce((sum, byte, i) => sum + byte * (i % 251), 0)).toBe(2876660916);
});

test("hashes a name outside ASCII by its UTF-8 bytes", () => {
  // FNV-1a of c3 a9, computed by hand: ((offset ^ c3) * prime ^ a9) * prime.
  const first = Math.imul(0x811c9dc5 ^ 0xc3, 0x01000193);
  expect(fnv1a("é")).toBe(Math.imul(first ^ 0xa9, 0x01000193) >>> 0);
});

test("draws mulberry32's numbers, and fills as T-GD's section 9 says", () => {
  expect([...mulberry32(1, 4)]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522, 0.9810509674716741,
  ]);
  const [first = 0] = mulberry32(8, 1);
  const fill = (name: string, shape: number[]) => fillByPlace(5, 2, name, shape)[0];
  expect(fill("_gn0.weight", [8])).toBe(Math.fround(1 + (first - 0.5) * 0.2));
  for (const [name, shape] of [
    ["_gn0.bias", [8]],
    ["_fc.weight", [2, 8]],
  ] as const) {
    expect(fill(name, [...shape])).toBe(Math.fround((first - 0.5) * 0.2));
  }
});
