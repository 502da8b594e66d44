import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { concat, split } from "./concat.ts";
import { rearrange } from "./reference.ts";

/** Distinct values, exact in f32: a moved element shows. */
function host(shape: Shape) {
  return { data: Float64Array.from({ length: numel(shape) }, (_, i) => i + 1), shape };
}

const EXACT = { terms: 0 };

test("concat matches the reference, and split undoes it", async ({ gpu }) => {
  for (const [shapes, axis] of [
    [[[3], [1], [5]], 0],
    [
      [
        [2, 4],
        [2, 8],
      ],
      1,
    ],
    [
      [
        [2, 3, 3, 4],
        [2, 3, 3, 1],
      ],
      -1,
    ],
    [
      [
        [2, 2, 3],
        [2, 5, 3],
        [2, 1, 3],
      ],
      1,
    ],
  ] as const) {
    const hosts = shapes.map((shape, i) => ({ ...host(shape), base: 1000 * i }));
    const inputs = hosts.map(({ data, shape, base }) =>
      gpu.upload(
        data.map((value) => value + base),
        shape,
      ),
    );
    const at = axis < 0 ? shapes[0].length + axis : axis;
    const sizes = shapes.map((shape) => shape[at]!);
    using output = concat(gpu, inputs, axis);
    let start = 0;
    const pieces = split(gpu, output, sizes, axis);
    for (const [i, piece] of pieces.entries()) {
      expect(piece.shape).toEqual(shapes[i]);
      expect(await piece.read()).toEqual(await inputs[i]!.read());
      // Where it stands in the whole, by the reference.
      const whole = { data: Float64Array.from(await output.read()), shape: output.shape };
      const from = start;
      const part = rearrange(whole, shapes[i]!, (index) => index.with(at, index[at]! + from));
      expect(await piece.read()).toMatchReference(part, EXACT);
      start += sizes[i]!;
    }
    for (const array of [...inputs, ...pieces]) array.dispose();
  }
});

test("arrays that do not fit and sizes that do not add up are refused", ({ gpu }) => {
  using x = gpu.zeros([2, 3]);
  using y = gpu.zeros([2, 4]);
  using labels = gpu.zeros([2, 3], "u32");
  expect(() => concat(gpu, [], 0)).toThrow("concat: no arrays\nPass at least one.");
  expect(() => concat(gpu, [x, y], 0)).toThrow(
    "concat: array 1 differs from array 0 in more than axis 0\n  array 0  [2, 3]\n  array 1  [2, 4]",
  );
  expect(() => concat(gpu, [x, labels], 0)).toThrow("concat: array 1 is u32, array 0 f32");
  expect(() => split(gpu, x, [1, 3], 1)).toThrow(
    "split: sizes [1, 3] add up to 4, axis 1 has 3\n  input  [2, 3]",
  );
});
