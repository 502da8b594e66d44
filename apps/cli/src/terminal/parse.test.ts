import { expect, test } from "vitest";
import { parseBytes, parseCount, parseSeed, parseSetting } from "./parse.ts";

test("sizes are bytes, with decimal and binary units", () => {
  expect(parseBytes("4096")).toBe(4096);
  expect(parseBytes("1.5GiB")).toBe(1.5 * 2 ** 30);
  expect(parseBytes(" 2 gb ")).toBe(2e9);
  expect(parseBytes("512m")).toBe(512e6);
  for (const text of ["", "GiB", "0", "-1", "2 furlongs", "1e9", "99999999GiB"]) {
    expect(() => parseBytes(text), text).toThrow("Write a size such as 512MiB or 2GiB.");
  }
});

test("counts and seeds are whole numbers", () => {
  expect(parseCount("16")).toBe(16);
  expect(parseSeed("0")).toBe(0);
  expect(parseSeed("4294967295")).toBe(4294967295);
  for (const text of ["0", "1.5", "x", "-1", "", "1e3"]) {
    expect(() => parseCount(text), text).toThrow("Write a whole number from 1.");
  }
  for (const text of ["4294967296", "-1", "1.5", ""]) {
    expect(() => parseSeed(text), text).toThrow("Write a whole number from 0 to 4294967295.");
  }
});

test("settings gather, and none is set twice", () => {
  const one = parseSetting("resolution=32");
  expect(parseSetting("name = a=b", one)).toEqual({ resolution: "32", name: "a=b" });
  expect(() => parseSetting("resolution", {})).toThrow("Write key=value.");
  expect(() => parseSetting("=32", {})).toThrow("Write key=value.");
  expect(() => parseSetting("resolution=64", one)).toThrow('"resolution" is set twice.');
});
