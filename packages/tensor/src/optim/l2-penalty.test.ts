import { ShapeError, UsageError } from "@fauxgrad/kernels";
import { randomFloats } from "@fauxgrad/testing";
import { tensor, zeros } from "../factories.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { addL2Penalty } from "./l2-penalty.ts";

const SIZES = [7, 300];

test("the gradient is that of the penalty, by central differences in float64", async ({ gpu }) => {
  await scope(async () => {
    const [strength, factor] = [0.25, 1];
    const values = SIZES.map((size, i) => randomFloats(size, 1 + i));
    const starts = SIZES.map((size, i) => (i === 0 ? randomFloats(size, 11) : null));
    const leaves = values.map((x, i) => tensor(gpu, x, [SIZES[i]!], { requiresGrad: true }));
    const gradient = randomFloats(SIZES[0]!, 21);
    leaves[0]!.backward(tensor(gpu, gradient, [SIZES[0]!]));
    const terms = leaves.map((parameter, i) => {
      const start = starts[i];
      return { parameter, start: start ? tensor(gpu, start, [SIZES[i]!]) : null };
    });
    const sums = addL2Penalty(terms, { strength: tensor(gpu, [strength], []), factor });
    const penalty = (x: Float32Array, i: number, h = 0, at = -1): number =>
      strength *
      factor *
      x.reduce((sum, value, j) => {
        const d = value + (j === at ? h : 0) - (starts[i]?.[j] ?? 0);
        return sum + d * d;
      }, 0);
    const expected = [0, 0, 0, 0];
    for (const [i, x] of values.entries()) {
      const data = Float64Array.from(x, (_, j) => {
        // Quadratic: the central difference is exact but for rounding in float64.
        const slope = (penalty(x, i, 0.5, j) - penalty(x, i, -0.5, j)) / 1;
        return slope + (i === 0 ? gradient[j]! : 0);
      });
      // Numbers below 2, a difference, two products and a sum.
      const magnitude = data.map(() => 3);
      const reference = { data, magnitude, shape: [x.length] };
      expect(await leaves[i]!.grad!.read()).toMatchReference(reference, { terms: 4 });
      expected[0]! += penalty(x, i) / strength;
      expected[1]! += x.reduce((sum, value) => sum + value ** 2, 0);
      expected[2]! += i === 0 ? gradient.reduce((sum, value) => sum + value ** 2, 0) : 0;
      expected[3]! += data.reduce((sum, value) => sum + value ** 2, 0);
    }
    const data = Float64Array.from(expected);
    expect(await sums.read()).toMatchReference({ data, shape: [4] }, { terms: 300 });
  });
});

test("refuses no terms, several strengths, and a start of another shape", ({ gpu }) => {
  scope(() => {
    const parameter = zeros(gpu, [3], { requiresGrad: true });
    expect(() => addL2Penalty([], { strength: zeros(gpu, [2]) })).toThrow(
      new UsageError(
        "addL2Penalty: 0 terms, a strength of 2 numbers\n" +
          "Pass one parameter or more, and a strength of one number.",
      ),
    );
    const terms = [{ parameter, start: zeros(gpu, [4]) }];
    expect(() => addL2Penalty(terms, { strength: zeros(gpu, []) })).toThrow(ShapeError);
  });
});
