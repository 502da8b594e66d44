import { expect, test } from "vitest";
import { csvText } from "./csv.ts";

test("quotes what needs it; null and NaN are empty", () => {
  expect(csvText([["a b", 'say "hi"', "x,y", "two\nlines"]])).toBe(
    'a b,"say ""hi""","x,y","two\nlines"\n',
  );
  expect(csvText([[0.5, null, Number.NaN, ""], [1]])).toBe("0.5,,,\n1\n");
  expect(csvText([])).toBe("");
});
