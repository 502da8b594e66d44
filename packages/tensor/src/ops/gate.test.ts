import { ShapeError } from "@fauxgrad/kernels";
import { tensor } from "../factories.ts";
import { expect, test } from "../test-gpu.ts";
import { checkGradients } from "../test-gradients.ts";
import { gate } from "./gate.ts";

// Rows on both sides of the 64 that are summed at once; vectors of channels and single ones.
for (const [height, channels] of [
  [7, 8],
  [11, 3],
] as const) {
  test(`gradients of a gate equal the differences: ${7 * height} rows of ${channels}`, async ({
    gpu,
  }) => {
    const shapes = [
      [2, 7, height, channels],
      [2, 1, 1, channels],
    ];
    const rows = 7 * height;
    await checkGradients(gpu, {
      op: (x, l) => gate(x, l),
      reference: (x, l) =>
        x.map((value, i) => {
          const n = Math.floor(i / (rows * channels));
          return value / (1 + Math.exp(-l[n * channels + (i % channels)]!));
        }),
      shapes,
      // Sums over the rows, and a sigmoid's roundings in each factor.
      terms: rows + 24,
    });
  });
}

test("neither products nor the sigmoid have passes of their own", async ({ gpu }) => {
  using input = tensor(gpu, new Float32Array(24).fill(1), [2, 3, 4], { requiresGrad: true });
  using logits = tensor(gpu, new Float32Array(8), [2, 1, 4], { requiresGrad: true });
  using seed = tensor(gpu, new Float32Array(24).fill(1), [2, 3, 4]);
  const { dispatches } = await gpu.profile(() => {
    using output = gate(input, logits);
    output.backward(seed);
  });
  expect(dispatches.map(({ name }) => name)).toEqual([
    "binaryRows",
    "binaryRows",
    "slab-sum",
    "binary",
  ]);
});

test("logits of another shape are refused with the remedy", ({ gpu }) => {
  using input = tensor(gpu, new Float32Array(24), [2, 3, 4]);
  using logits = tensor(gpu, new Float32Array(4), [4]);
  expect(() => gate(input, logits)).toThrow(
    new ShapeError(
      "gate: there must be one logit for each sample and channel\n" +
        "  input   [2, 3, 4]\n  logits  [4]\nPass [N, …, C] and [N, 1, …, 1, C].",
    ),
  );
});
