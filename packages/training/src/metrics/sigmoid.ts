/**
 * `1 / (1 + e^−z)` with each operation rounded to float32, as a network in float32 computes it.
 *
 * From z ≈ 16.64 on every score is exactly 1, and such scores tie: average precision over
 * sigmoids differs from that over logits.
 *
 * @param logits any shape
 */
export function sigmoid32(logits: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const scores = new Float32Array(logits.length);
  for (let i = 0; i < scores.length; i += 1) {
    const exponential = Math.fround(Math.exp(-Math.fround(logits[i]!)));
    scores[i] = 1 / Math.fround(1 + exponential);
  }
  return scores;
}
