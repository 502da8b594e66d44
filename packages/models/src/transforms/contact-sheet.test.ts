import { expect, test } from "vitest";
import { contactSheet } from "./contact-sheet.ts";
import { rgbImage } from "./image.ts";

const grey = (width: number, height: number, level: number) =>
  rgbImage(width, height, new Uint8Array(width * height * 3).fill(level));

test("lays pictures out in columns and rows, centred in their cells", () => {
  const sheet = contactSheet(
    [
      [grey(2, 3, 1), grey(1, 1, 2)],
      [null, grey(3, 1, 3)],
    ],
    { margin: 1, background: [9, 9, 9] },
  );
  const levels = Array.from({ length: sheet.height }, (_, y) =>
    Array.from({ length: sheet.width }, (_, x) => sheet.data[(y * sheet.width + x) * 3]).join(""),
  );
  expect(levels).toEqual([
    "99999999", //
    "91199999",
    "91199299",
    "91199999",
    "99999999",
    "99993339",
    "99999999",
  ]);
});

test("keeps the three channels of picture and background", () => {
  const sheet = contactSheet([[rgbImage(1, 1, new Uint8Array([1, 2, 3]))]], {
    margin: 1,
    background: [4, 5, 6],
  });
  expect([...sheet.data.subarray(0, 3)]).toEqual([4, 5, 6]);
  expect([...sheet.data.subarray(12, 15)]).toEqual([1, 2, 3]);
});

test("refuses a sheet without pictures and a margin that is none", () => {
  const message = "contactSheet: there is no picture\nPass at least one row with one.";
  expect(() => contactSheet([])).toThrow(message);
  expect(() => contactSheet([[null]])).toThrow(message);
  expect(() => contactSheet([[grey(1, 1, 0)]], { margin: -1 })).toThrow(
    "contactSheet: margin is -1\nPass a whole number of pixels.",
  );
});
