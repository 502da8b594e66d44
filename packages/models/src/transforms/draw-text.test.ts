import { expect, test } from "vitest";
import { drawText, fitText } from "./draw-text.ts";
import { rgbImage } from "./image.ts";

/** The picture of a text on a canvas, a line per row. */
function drawn(text: string, width: number, left = 0): string[] {
  const image = rgbImage(width, 13);
  drawText(image, text, { left, top: 0 }, [1, 2, 3]);
  return Array.from({ length: 13 }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const pixel = [...image.data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)].join();
      return { "0,0,0": ".", "1,2,3": "#" }[pixel];
    }).join(""),
  );
}

test("draws letters", () => {
  expect(drawn("Ag", 14)).toEqual([
    "..............",
    "..............",
    "..##..........",
    ".#..#.........",
    "#....#........",
    "#....#..###.#.",
    "#....#.#...#..",
    "######.#...#..",
    "#....#..###...",
    "#....#.#......",
    "#....#..####..",
    ".......#....#.",
    "........####..",
  ]);
});

test("has every printable character, each another, and a question mark for the rest", () => {
  const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const pictures = ascii.map((character) => drawn(character, 7).join());
  expect(new Set(pictures).size).toBe(95);
  for (const other of ["\u00e9", "\u732b", "\u{1f431}", "\n", "\x7f"]) {
    expect(drawn(other, 7)).toEqual(drawn("?", 7));
  }
});

test("leaves out what lies outside", () => {
  expect(drawn("AA", 7, -7)).toEqual(drawn("A", 7));
  expect(drawn("AAA", 7)).toEqual(drawn("A", 7));
});

test("cuts text to a width", () => {
  expect(fitText("photograph", 70)).toBe("photograph");
  expect(fitText("photograph", 69)).toBe("photogr..");
  expect(fitText("photograph", 14)).toBe("..");
  expect(fitText("photograph", 7)).toBe(".");
  expect(fitText("photograph", 0)).toBe("");
});
