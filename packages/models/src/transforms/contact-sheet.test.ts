import { expect, test } from "vitest";
import { contactSheet } from "./contact-sheet.ts";
import { drawText } from "./draw-text.ts";
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

test("writes labels above columns and rows, cut to their room, in ink that can be read", () => {
  const rows = [[grey(30, 2, 100), grey(30, 2, 100)]];
  const plain = contactSheet(rows, { margin: 4 });
  const labels = { columnLabels: ["ab", "too long"], rowLabels: ["row"] };
  const labelled = contactSheet(rows, { margin: 4, ...labels });
  // A line of 13 and half a margin, twice.
  expect([labelled.width, labelled.height]).toEqual([plain.width, plain.height + 2 * 15]);

  const expected = rgbImage(labelled.width, labelled.height);
  expected.data.fill(255);
  drawText(expected, "ab", { left: 4, top: 4 }, [0, 0, 0]);
  drawText(expected, "to..", { left: 38, top: 4 }, [0, 0, 0]);
  drawText(expected, "row", { left: 4, top: 19 }, [0, 0, 0]);
  expected.data.set(plain.data.subarray(4 * plain.width * 3), 34 * plain.width * 3);
  expect(labelled.data).toEqual(expected.data);

  const dark = contactSheet(rows, { margin: 4, background: [0, 0, 90], ...labels });
  expect(dark.data).toContain(255);
});

test("refuses a sheet without pictures and a margin that is none", () => {
  const message = "contactSheet: there is no picture\nPass at least one row with one.";
  expect(() => contactSheet([])).toThrow(message);
  expect(() => contactSheet([[null]])).toThrow(message);
  expect(() => contactSheet([[grey(1, 1, 0)]], { margin: -1 })).toThrow(
    "contactSheet: margin is -1\nPass a whole number of pixels.",
  );
});
