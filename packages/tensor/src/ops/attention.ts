import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { batchedMatmul } from "./batched-matmul.ts";
import { softmax } from "./softmax.ts";

/**
 * `softmax(query · keyᵀ / √D) · value`, for each index of the leading axes.
 *
 * @param query `[…, L, D]`
 * @param key   `[…, S, D]`
 * @param value `[…, S, V]`
 * @returns `[…, L, V]`
 * @throws {ShapeError} if leading axes, D or S do not agree
 * @see Vaswani et al., "Attention Is All You Need", equation 1;
 *   torch.nn.functional.scaled_dot_product_attention
 */
export function scaledDotProductAttention(query: Tensor, key: Tensor, value: Tensor): Tensor {
  return scope(() => {
    const scale = 1 / Math.sqrt(query.shape.at(-1) ?? 1);
    const scores = batchedMatmul(query, key, { transposeB: true, scale });
    const weights = softmax(scores);
    scores.dispose();
    return batchedMatmul(weights, value);
  });
}
