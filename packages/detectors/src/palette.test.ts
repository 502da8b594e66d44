import { fromFloat32, type HostTensor } from "@fauxgrad/models/checkpoint";
import { randomFloats } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { fromPalettes, toPalettes } from "./palette.ts";

const SHAPE = [8, 16, 3, 3];
const many = randomFloats(8 * 16 * 9, 1);
const levels = many.map((value) => Math.fround(Math.round(127 * value) * 0.0123 - 0.5));
const short = fromFloat32(Float32Array.of(1, 2, 1), [3]);

test("quantised tensors take a byte an element, and come back to the bit", () => {
  const tensors = new Map<string, HostTensor>([
    ["a", fromFloat32(levels, SHAPE)],
    ["b", fromFloat32(many, SHAPE)],
    ["c", short],
  ]);
  const stored = toPalettes(tensors);
  expect([...stored].map(([name, { dtype }]) => [name, dtype])).toEqual([
    ["a", "uint8"],
    ["a.palette", "float32"],
    ["b", "float32"],
    ["c", "float32"],
  ]);
  expect(stored.get("a")?.shape).toEqual(SHAPE);
  expect(fromPalettes(stored)).toEqual(tensors);
});

test("refuses bytes beyond the list", () => {
  const stored = toPalettes(new Map([["a", fromFloat32(levels, SHAPE)]]));
  stored.set("a.palette", short);
  expect(() => fromPalettes(stored)).toThrow(
    'palette: "a" does not fit its list of values\n  elements  uint8\n  values    float32 [3]\n' +
      "The file is damaged or of another version: copy or download it again.",
  );
});
