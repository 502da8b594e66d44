import { standardizeWeight as reference } from "@fauxgrad/kernels/reference/weight-standardization";
import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { tensor } from "../factories.ts";
import { expect, test } from "../test-gpu.ts";
import { standardizeWeight } from "./weight-standardization.ts";

test("the gradient equals the differences of the reference", async ({ gpu }) => {
  const shape = [3, 3, 2, 4];
  const values = randomFloats(72, 1);
  const slopes = randomFloats(72, 2);
  using weight = tensor(gpu, values, shape, { requiresGrad: true });
  using seed = tensor(gpu, slopes, shape);
  using output = standardizeWeight(weight);
  output.backward(seed);
  const expected = numericalGradient((w) => dot(reference(w, shape).data, slopes), values);
  const actual = await weight.grad?.read();
  // Sums of 18 terms of the order of 1, three of them one in another.
  expected.forEach((value, i) => {
    expect(Math.abs(actual![i]! - value)).toBeLessThan(3 * 18 * 2 ** -22);
  });
});
