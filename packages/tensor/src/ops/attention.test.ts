import { batchedMatmulReference } from "@fauxgrad/kernels/reference/batched-matmul";
import { test } from "../test-gpu.ts";
import { checkGradients } from "../test-gradients.ts";
import { scaledDotProductAttention } from "./attention.ts";
import { batchedMatmul } from "./batched-matmul.ts";

const [batch, m, k, n] = [2, 3, 4, 5];

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    const name = `gradients of a batched product, ${transposeA ? "Aᵀ" : "A"} ${transposeB ? "Bᵀ" : "B"}`;
    test(name, async ({ gpu }) => {
      const sizes = { batch, m, n, k, transposeA, transposeB };
      await checkGradients(gpu, {
        op: (a, b) => batchedMatmul(a!, b!, { transposeA, transposeB, scale: 0.5 }),
        reference: (a, b) => batchedMatmulReference(a!, b!, sizes, 0.5).data,
        shapes: [
          transposeA ? [batch, k, m] : [batch, m, k],
          transposeB ? [batch, n, k] : [batch, k, n],
        ],
        // A gradient sums over m or n; the differences of the reference add one more.
        terms: Math.max(m, n, k) + 2,
      });
    });
  }
}

/** Query by query: scores, their softmax, the mean of the values that it weighs. */
function attention(
  query: Float64Array,
  key: Float64Array,
  value: Float64Array,
  [items, length, sources, depth, width]: readonly [number, number, number, number, number],
): Float64Array {
  const output = new Float64Array(items * length * width);
  for (let q = 0; q < items * length; q++) {
    const first = Math.floor(q / length) * sources;
    const weights = Array.from({ length: sources }, (_, s) => {
      let score = 0;
      for (let d = 0; d < depth; d++)
        score += query[q * depth + d]! * key[(first + s) * depth + d]!;
      return Math.exp(score / Math.sqrt(depth));
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [s, weight] of weights.entries()) {
      for (let v = 0; v < width; v++) {
        output[q * width + v]! += (weight / total) * value[(first + s) * width + v]!;
      }
    }
  }
  return output;
}

test("gradients of attention", async ({ gpu }) => {
  const [length, sources, depth, width] = [3, 5, 4, 2];
  await checkGradients(gpu, {
    op: (query, key, value) => scaledDotProductAttention(query!, key!, value!),
    reference: (query, key, value) =>
      attention(query!, key!, value!, [2, length, sources, depth, width]),
    shapes: [
      [2, length, depth],
      [2, sources, depth],
      [2, sources, width],
    ],
    // Scores, exponentials (3 ulps), their sum and quotient, the weighted sum, and back.
    terms: 4 * (depth + sources) + 12,
  });
});
