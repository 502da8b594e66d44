import { randomFloats } from "@fauxgrad/testing";
import { expect, test } from "../../test-gpu.ts";
import { reduce } from "../reduce/reduce.ts";
import { l2PenaltySlots, l2PenaltyStep } from "./l2-penalty.ts";
import { l2PenaltyReference } from "./reference.ts";

/** Around a vector, an invocation of a lone workgroup, and a workgroup's 4,096 elements. */
const SIZES = [1, 3, 4, 6, 255, 257, 4095, 4096, 4097, 9001];
const STRENGTH = 0.375;
const SCALE = 2;

test.for(SIZES)(
  "matches the reference at %i elements, with garbage behind them",
  async (size, { gpu }) => {
    const [p, s, g] = [1, 2, 3].map((seed) => randomFloats(size, seed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    for (const start of [s, null]) {
      // A buffer that was used: what lies behind the elements is NaN.
      gpu.upload(new Float32Array(size + 3).fill(Number.NaN), [size + 3]).dispose();
      using parameter = gpu.upload(p, [size]);
      using anchor = gpu.upload(s, [size]);
      using grad = gpu.upload(g, [size]);
      using strength = gpu.upload([STRENGTH], []);
      const slots = l2PenaltySlots(size);
      using sums = gpu.upload(new Float32Array((slots + 2) * 4).fill(5), [slots + 2, 4]);
      const operands = { parameter, start: start && anchor, grad, strength, sums };
      l2PenaltyStep(gpu, operands, { slot: 1, scale: SCALE });
      const expected = l2PenaltyReference(p, start, g, SCALE * STRENGTH);
      // A difference, a product and a sum of numbers below 1.
      const magnitude = new Float64Array(size).fill(1 + SCALE * STRENGTH * 2);
      const reference = { data: expected.grad, magnitude, shape: [size] };
      expect(await grad.read()).toMatchReference(reference, { terms: 3 });
      const wrong = {
        ...reference,
        data: expected.grad.with(size - 1, expected.grad[size - 1]! + 1e-5),
      };
      expect(await grad.read()).not.toMatchReference(wrong, { terms: 3 });
      using total = reduce(gpu, "sum", sums, [0]);
      // The rows before and behind are others': ten of each column.
      const data = Float64Array.from(expected.sums, (sum) => sum + 10);
      // Sums of 64 in an invocation, of rows in stages of at most 64; squares of three roundings.
      expect(await total.read()).toMatchReference({ data, shape: [4] }, { terms: 64 + 3 * 64 + 6 });
    }
  },
);

test("operands of other shapes are refused", ({ gpu }) => {
  using parameter = gpu.zeros([2, 3]);
  using grad = gpu.zeros([6]);
  using strength = gpu.zeros([]);
  using sums = gpu.zeros([64, 4]);
  const operands = { parameter, start: null, grad, strength, sums };
  expect(() => l2PenaltyStep(gpu, operands, { slot: 0, scale: 1 })).toThrow(
    "l2PenaltyStep: grad must have the parameter's shape\n  parameter  [2, 3]\n  start  [2, 3]\n" +
      "  grad  [6]\nKeep one array per parameter for gradients and state.",
  );
});
