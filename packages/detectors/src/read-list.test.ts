import { beforeAll, expect, test } from "vitest";
import { readDetectorList } from "./read-list.ts";
import { testBundle } from "./test-bundle.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

let list: object;
beforeAll(async () => {
  const files = await testBundle();
  list = JSON.parse(new TextDecoder().decode(files.get("detectors.json")));
});

test("a list is read as it was written", () => {
  expect(readDetectorList(bytes(list))).toEqual(list);
});

/** Puts a value at a path; undefined takes it out. */
function changed(list: object, path: string, value: unknown): object {
  const [name = "", ...rest] = path.split(".");
  const inner = (list as Record<string, unknown>)[name];
  const next = rest.length === 0 ? value : changed(inner as object, rest.join("."), value);
  const copy = Array.isArray(list) ? [...list] : { ...list };
  return Object.assign(copy, { [name]: next });
}

test.each([
  ["version", 2, "$.version is 2, not one of 1"],
  ["crop", 0, "$.crop is 0, not a whole number from 1"],
  ["defaults", ["x"], '$.defaults[0] is "x", not one of lgrad, tgd'],
  ["detectors", [], "$.detectors is [], not a filled list"],
  ["detectors.1.name", "lgrad", '$.detectors[1].name is "lgrad", not a name of its own'],
  [
    "detectors.0.kind",
    "vit",
    '$.detectors[0].kind is "vit", not one of lgrad, tgd, plain, spectrum',
  ],
  ["detectors.0.classifier.file", "../x", '$.detectors[0].classifier.file is "../x", not a text'],
  ["detectors.0.transformation", undefined, "$.detectors[0].transformation is missing, not an"],
  ["detectors.0.calibration.scale", null, "$.detectors[0].calibration.scale is null, not a num"],
  ["detectors.0.threshold", 1.5, "$.detectors[0].threshold is 1.5, not a share from 0 to 1"],
  ["detectors.1.normalization", "unit", '$.detectors[1].normalization is "unit", not one of'],
  [
    ...["detectors.1.classifier.settings.stages", [3]],
    "$.detectors[1].classifier.settings.stages is [3], not a number, a switch or a word",
  ],
  ["familiarity.ranges.colour", {}, "$.familiarity.ranges.colour.low is missing, not a number"],
] as [path: string, value: unknown, message: string][])(
  "refuses a list with another %s",
  (path, value, message) => {
    const other = changed(list, path, value);
    expect(() => readDetectorList(bytes(other))).toThrow(`detectors.json: ${message}`);
  },
);

test("refuses what is no JSON", () => {
  expect(() => readDetectorList(new TextEncoder().encode("<html>"))).toThrow(
    "detectors.json is no JSON\n" +
      "Take the file that belongs to these weights, or pack them again.",
  );
});
