import { expect, test } from "vitest";
import { formatBytes, formatCount, formatDuration, plural } from "./units.ts";

test("bytes have the unit that keeps them short", () => {
  const bytes = [0, 1023, 1024, 2 ** 20, 128 * 2 ** 20, 1.5 * 2 ** 30];
  expect(bytes.map(formatBytes)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1.0 KiB",
    "1.0 MiB",
    "128.0 MiB",
    "1.50 GiB",
  ]);
});

test("durations never say 60", () => {
  const ms = [0, 999, 1000, 59_949, 59_950, 187_000, 3_599_600, 7_500_000];
  expect(ms.map(formatDuration)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min 00 s",
    "3 min 07 s",
    "1 h 00 min",
    "2 h 05 min",
  ]);
});

test("counts are grouped, and one is one", () => {
  expect(formatCount(25557032)).toBe("25,557,032");
  expect(plural(1, "image")).toBe("1 image");
  expect(plural(0, "image")).toBe("0 images");
});
