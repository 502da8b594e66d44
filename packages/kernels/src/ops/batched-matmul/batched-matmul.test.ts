// Plan: products at the boundaries of both kernels' tiles, with every combination of transposed
// operands; scale and leading axes; a grid that is folded; messages. The gradients are the same
// kernels, and packages/tensor holds them to finite differences.

import { randomFloats } from "@fauxgrad/testing";
import { describe } from "vitest";
import { Gpu } from "../../gpu/gpu.ts";
import { expect, test } from "../../test-gpu.ts";
import {
  batchedMatmul,
  batchedMatmulRegistersKernel,
  batchedMatmulTiledKernel,
} from "./batched-matmul.ts";
import { batchedMatmulGeometry } from "./geometry.ts";
import { batchedMatmulReference } from "./reference.ts";

const SIZES: [batch: number, m: number, k: number, n: number][] = [
  [1, 1, 1, 1],
  [2, 1, 17, 64],
  [3, 2, 5, 31],
  [2, 7, 15, 33],
  [1, 8, 16, 32],
  [2, 9, 17, 35],
  [1, 63, 3, 63],
  [1, 64, 33, 64],
  [2, 65, 20, 66],
  [1, 17, 64, 129],
];

const TRANSPOSES = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);

describe.each(["registers", "tiled"] as const)("%s kernel", (kernels) => {
  test.for(SIZES)("%i × [%i, %i] × [%i]", async ([batch, m, k, n], { device }) => {
    const gpu = new Gpu(device, { kernels });
    const hostA = randomFloats(batch * m * k, 1);
    const hostB = randomFloats(batch * k * n, 2);
    for (const options of TRANSPOSES) {
      const a = gpu.upload(hostA, options.transposeA ? [batch, k, m] : [batch, m, k]);
      const b = gpu.upload(hostB, options.transposeB ? [batch, n, k] : [batch, k, n]);
      const g = batchedMatmulGeometry(a.shape, b.shape, options);
      const sizes = { batch, m, n, k, ...options };
      const product = await batchedMatmul(gpu, a, b, g, 0.5).read();
      const terms = { terms: k + 1 };
      expect(product).toMatchReference(batchedMatmulReference(hostA, hostB, sizes, 0.5), terms);
      const wrong = hostA.with(k - 1, hostA[k - 1]! + 1e-2);
      expect(product).not.toMatchReference(batchedMatmulReference(wrong, hostB, sizes, 0.5), terms);
    }
    gpu.destroy();
  });
});

test("a folded grid, whose last row overshoots", async ({ gpu }) => {
  const batch = 5;
  const host = randomFloats(batch * 4, 3);
  const a = gpu.upload(host.subarray(0, batch), [batch, 1, 1]);
  const b = gpu.upload(host, [batch, 1, 4]);
  const sizes = { batch, m: 1, n: 4, k: 1 };
  const reference = batchedMatmulReference(host, host, sizes);
  const strides = { a_batch: 1, a_row: 1, a_step: 1 };
  const options = { workgroups: [3, 2] } as const;
  const first = gpu.zeros([batch, 1, 4]);
  batchedMatmulRegistersKernel.dispatch(
    gpu,
    { a, b, output: first },
    { ...sizes, ...strides, pitch: 1, scale: 1 },
    options,
  );
  expect(await first.read()).toMatchReference(reference, { terms: 2 });
  const second = gpu.zeros([batch, 1, 4]);
  batchedMatmulTiledKernel.dispatch(
    gpu,
    { a, b, output: second },
    { ...sizes, ...strides, b_batch: 4, b_step: 4, b_column: 1, scale: 1 },
    options,
  );
  expect(await second.read()).toMatchReference(reference, { terms: 2 });
  for (const array of [a, b, first, second]) array.dispose();
});

test("leading axes are a batch", async ({ gpu }) => {
  const a = gpu.upload([1, 2, 3, 4], [2, 1, 1, 2]);
  const b = gpu.upload([1, 0, 0, 1, 1, 1, 1, -1], [2, 1, 2, 2]);
  const output = batchedMatmul(gpu, a, b, batchedMatmulGeometry(a.shape, b.shape));
  expect(output.shape).toEqual([2, 1, 1, 2]);
  expect([...(await output.read())]).toEqual([1, 2, 7, -1]);
  for (const array of [a, b, output]) array.dispose();
});

describe("operands that do not fit", () => {
  const advice =
    "Pass a as […, M, K] and b as […, K, N], with the last two axes swapped where transposed.";

  test("inner sizes", () => {
    const options = { transposeB: true };
    expect(() => batchedMatmulGeometry([2, 3, 4], [2, 4, 5], options)).toThrow(
      "batchedMatmul: leading axes or inner sizes do not agree\n" +
        `  a  [2, 3, 4]\n  b  [2, 4, 5], transposed\n${advice}`,
    );
  });

  test("leading axes, and too few axes", () => {
    expect(() => batchedMatmulGeometry([2, 3, 4], [1, 4, 5])).toThrow(
      "batchedMatmul: leading axes or inner sizes do not agree\n" +
        `  a  [2, 3, 4]\n  b  [1, 4, 5]\n${advice}`,
    );
    expect(() => batchedMatmulGeometry([4], [4, 5])).toThrow("batchedMatmul: leading axes");
  });
});
