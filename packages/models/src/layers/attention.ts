import {
  reshape,
  scaledDotProductAttention,
  scope,
  type Tensor,
  transpose,
} from "@fauxgrad/tensor";

/** `[N, T, heads · D]` to `[N, heads, T, D]`. */
function splitHeads(tokens: Tensor, heads: number): Tensor {
  const [n = 1, length = 1, channels = 1] = tokens.shape;
  return transpose(reshape(tokens, [n, length, heads, channels / heads]), [0, 2, 1, 3]);
}

/**
 * Attention by several heads, each on its share of the channels; the projections before and after
 * are the caller's.
 *
 * @param query `[N, L, C]`
 * @param key   `[N, S, C]`
 * @param value `[N, S, C]`
 * @returns `[N, L, C]`
 * @see Vaswani et al., "Attention Is All You Need", section 3.2.2
 */
export function multiHeadAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  heads: number,
): Tensor {
  return scope(() => {
    const [q, k, v] = [query, key, value].map((tokens) => splitHeads(tokens, heads)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const attended = scaledDotProductAttention(q, k, v);
    return reshape(transpose(attended, [0, 2, 1, 3]), query.shape);
  });
}
