import { expect, test } from "vitest";
import { parseNames } from "../terminal/parse.ts";
import { groupingText, parseCounts, parseGrouping, parseRatios } from "./split-options.ts";

test("ratios and counts are three numbers", () => {
  expect(parseRatios("8:1:1")).toEqual({ train: 8, val: 1, test: 1 });
  expect(parseRatios("0.7 : 0 : 0.3")).toEqual({ train: 0.7, val: 0, test: 0.3 });
  expect(parseCounts("100:0:20")).toEqual({ train: 100, val: 0, test: 20 });
  for (const text of ["8:2", "8:1:1:1", "a:1:1", "-1:1:1", "0:0:0", ""]) {
    expect(() => parseRatios(text)).toThrow("Write train:val:test, e.g. 8:1:1.");
  }
  for (const text of ["1:1", "1.5:1:1", "0:0:0"]) {
    expect(() => parseCounts(text)).toThrow(
      "Write train:val:test, e.g. 1000:100:100 images of each class.",
    );
  }
});

test("a grouping is a word or a pattern", () => {
  for (const word of ["stem", "folder", "file"]) expect(parseGrouping(word)).toBe(word);
  expect(parseGrouping("([0-9]+)-")).toEqual(/([0-9]+)-/u);
  expect(groupingText(/([0-9]+)-/u)).toBe("([0-9]+)-");
  expect(() => parseGrouping("(")).toThrow(
    "Write stem, folder, file, or a regular expression such as '([0-9]+)-[0-9]+\\.png$'.",
  );
});

test("names stand between commas", () => {
  expect(parseNames("a, b")).toEqual(["a", "b"]);
  expect(() => parseNames("a,,b")).toThrow("Write names with commas between.");
});
