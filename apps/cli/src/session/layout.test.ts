import { expect, test } from "vitest";
import { toChannelsFirst, toChannelsLast } from "./layout.ts";

// Element [n, c, y, x] is n·1000 + c·100 + y·10 + x.
const planes = Float32Array.of(
  ...[0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112],
  ...[1000, 1001, 1002, 1010, 1011, 1012, 1100, 1101, 1102, 1110, 1111, 1112],
);
const interleaved = Float32Array.of(
  ...[0, 100, 1, 101, 2, 102, 10, 110, 11, 111, 12, 112],
  ...[1000, 1100, 1001, 1101, 1002, 1102, 1010, 1110, 1011, 1111, 1012, 1112],
);

test("channels move last, image by image", () => {
  expect(toChannelsLast(planes, [2, 2, 2, 3])).toEqual(interleaved);
});

test("channels move first, image by image", () => {
  expect(toChannelsFirst(interleaved, [2, 2, 3, 2])).toEqual(planes);
});
