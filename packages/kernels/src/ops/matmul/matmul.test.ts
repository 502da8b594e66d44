// Plan: products at the boundaries of the tiles in both families, both gradients by the adjoint
// identities against the reference, leading axes, messages. The kernels are the convolution's.

import { randomFloats } from "@fauxgrad/testing";
import { describe } from "vitest";
import { Gpu } from "../../gpu/gpu.ts";
import { expect, test } from "../../test-gpu.ts";
import { matmul, matmulGeometry, matmulGradA, matmulGradB } from "./matmul.ts";
import { matmulReference } from "./reference.ts";

const SIZES: [m: number, k: number, n: number][] = [
  [1, 1, 1],
  [1, 300, 64],
  [2, 17, 33],
  [4, 8, 31],
  [5, 16, 32],
  [7, 3, 65],
  [8, 15, 64],
  [9, 64, 1],
  [63, 16, 63],
  [65, 17, 66],
  [130, 40, 129],
];

function transpose(x: Float32Array, rows: number, columns: number): Float32Array {
  return x.map((_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);
}

describe.each(["registers", "tiled"] as const)("%s kernels", (kernels) => {
  test.for(SIZES)("[%i, %i] × [%i]", async ([m, k, n], { device }) => {
    const gpu = new Gpu(device, { kernels });
    const g = matmulGeometry([m, k], [k, n]);
    const hostA = randomFloats(m * k, 1);
    const hostB = randomFloats(k * n, 2);
    const hostGrad = randomFloats(m * n, 3);
    const a = gpu.upload(hostA, [m, k]);
    const b = gpu.upload(hostB, [k, n]);
    const grad = gpu.upload(hostGrad, [m, n]);
    const product = await matmul(gpu, a, b, g).read();
    expect(product).toMatchReference(matmulReference(hostA, hostB, m, k, n), { terms: k + 1 });
    const gradA = await matmulGradA(gpu, grad, b, g, 0.5).read();
    expect(gradA.map((v) => 2 * v)).toMatchReference(
      matmulReference(hostGrad, transpose(hostB, k, n), m, n, k),
      { terms: n + 1 },
    );
    const gradB = await matmulGradB(gpu, a, grad, g).read();
    expect(gradB).toMatchReference(matmulReference(transpose(hostA, m, k), hostGrad, k, m, n), {
      terms: m + 2,
    });
    gpu.destroy();
  });
});

test("leading axes are folded", async ({ gpu }) => {
  const a = gpu.upload([1, 2, 3, 4], [2, 1, 2]);
  const b = gpu.upload([1, 0, 0, 1, 1, 1], [2, 3]);
  const output = matmul(gpu, a, b, matmulGeometry(a.shape, b.shape));
  expect(output.shape).toEqual([2, 1, 3]);
  expect([...(await output.read())]).toEqual([3, 2, 2, 7, 4, 4]);
  for (const array of [a, b, output]) array.dispose();
});

test("inner sizes that do not agree", () => {
  expect(() => matmulGeometry([4, 3], [5, 4])).toThrow(
    "matmul: inner sizes do not agree\n  a  [4, 3]\n  b  [5, 4]\nPass a as […, K] and b as [K, N].",
  );
});
