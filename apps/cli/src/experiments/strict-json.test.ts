import { expect, test } from "vitest";
import { parseJson } from "./strict-json.ts";

const parse = (value: unknown) => parseJson("a.json", JSON.stringify(value));

test("an error names the file and the place in it", () => {
  expect(() => parseJson("a.json", "{")).toThrow(/^a\.json is no JSON: .*\nCorrect it\.$/);
  const rows = parse({ rows: [{ "two words": 1 }] })
    .object(["rows"])
    .rows.array();
  const [name, place] = rows[0]!.entries()[0]!;
  expect(name).toBe("two words");
  expect(() => place.string()).toThrow('a.json: $.rows[0]["two words"] is 1\nWrite a text.');
});

test("an object has all that it needs, and nothing that is not known", () => {
  expect(() => parse({}).object(["title", "rows"])).toThrow("a.json: $ lacks title, rows\nAdd it.");
  expect(() => parse({ title: "", clases: [] }).object(["title"], ["classes"])).toThrow(
    "a.json: $.clases is no field that is known here\nDid you mean classes?",
  );
  expect(() => parse({ zzzzzzzz: 1 }).object([], ["title"])).toThrow("Known are title.");
  expect(() => parse([]).object([])).toThrow("a.json: $ is an array\nWrite an object.");
  expect(parse({ title: "x" }).object(["title"], ["notes"]).notes).toBeUndefined();
});

test("values are of their kind", () => {
  expect(parse(3).integer(1)).toBe(3);
  expect(() => parse(0).integer(1)).toThrow("a.json: $ is 0\nWrite a whole number from 1.");
  expect(() => parse(1.5).integer(1)).toThrow("$ is 1.5");
  expect(() => parse(0).positive()).toThrow("a.json: $ is 0\nWrite a number above 0.");
  expect(() => parse({}).array()).toThrow("a.json: $ is an object\nWrite an array.");
  expect(() => parse("").string()).toThrow('a.json: $ is ""\nWrite a text.');
  expect(() => parse("officail").oneOf(["official", "paper"])).toThrow("Did you mean official?");
  expect(() => parse(null).oneOf(["a", "b"])).toThrow("a.json: $ is null\nWrite one of a, b.");
});
