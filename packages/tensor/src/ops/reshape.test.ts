import { ShapeError } from "@fauxgrad/kernels";
import { tensor } from "../factories.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { checkGradients } from "../test-gradients.ts";
import { flatten, reshape } from "./reshape.ts";

test("reshape and flatten keep the elements' order, forward and back", async ({ gpu }) => {
  const shapes = [[2, 3, 4]];
  const reference = (x: Float64Array) => x;
  await checkGradients(gpu, { op: (x) => reshape(x!, [4, -1]), reference, shapes, terms: 1 });
  await checkGradients(gpu, { op: (x) => flatten(x!), reference, shapes, terms: 1 });
});

test("sizes are inferred", ({ gpu }) => {
  scope(() => {
    const input = tensor(gpu, new Float32Array(24), [2, 3, 4]);
    expect(reshape(input, [-1]).shape).toEqual([24]);
    expect(reshape(input, [3, -1, 2]).shape).toEqual([3, 4, 2]);
    expect(flatten(input).shape).toEqual([2, 12]);
    expect(flatten(input, 0).shape).toEqual([24]);
    expect(flatten(input, 2).shape).toEqual([2, 3, 4]);
    expect(reshape(tensor(gpu, [1], [1]), []).shape).toEqual([]);
  });
});

test("what does not fit is refused", ({ gpu }) => {
  scope(() => {
    const input = tensor(gpu, new Float32Array(6), [2, 3]);
    for (const shape of [[5], [4, -1], [-1, -1], [0, -1], [-2, -3], [1.5, 4]]) {
      expect(() => reshape(input, shape)).toThrow(
        new ShapeError(
          `reshape: 6 elements do not fill [${shape.join(", ")}]\n  input  [2, 3]\n` +
            "The sizes must multiply to the number of elements; one may be -1.",
        ),
      );
    }
    expect(() => flatten(input, 2)).toThrow(
      new ShapeError(
        "flatten: startAxis 2 is outside the input\n  input  [2, 3]\nPass an axis counted from 0.",
      ),
    );
  });
});
