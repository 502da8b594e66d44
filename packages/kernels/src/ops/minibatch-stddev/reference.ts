// Minibatch standard deviation in float64, from the definition.

/**
 * `input` `[N, H, W, C]` with the deviation of each sample's group appended to its channels.
 * Magnitudes: copies are exact; a deviation inherits the errors of its differences, `Σ|x|`.
 */
export function minibatchStddev(
  input: ArrayLike<number>,
  [n, h, w, c]: readonly [number, number, number, number],
  groupSize: number,
): { data: Float64Array; magnitude: Float64Array; shape: number[] } {
  const size = Math.min(groupSize, n);
  const groups = n / size;
  const positions = h * w * c;
  const data = new Float64Array(n * h * w * (c + 1));
  const magnitude = new Float64Array(data.length);
  for (let m = 0; m < groups; m++) {
    let deviations = 0;
    let absolutes = 0;
    for (let p = 0; p < positions; p++) {
      const values = Array.from(
        { length: size },
        (_, g) => input[(g * groups + m) * positions + p]!,
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / size;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
      absolutes += Math.max(...values.map(Math.abs));
      deviations += Math.sqrt(variance + 1e-8);
    }
    for (let g = 0; g < size; g++) {
      const sample = g * groups + m;
      for (let pixel = 0; pixel < h * w; pixel++) {
        const at = (sample * h * w + pixel) * (c + 1);
        for (let channel = 0; channel < c; channel++) {
          data[at + channel] = input[sample * positions + pixel * c + channel]!;
        }
        data[at + c] = deviations / positions;
        magnitude[at + c] = (deviations + absolutes) / positions;
      }
    }
  }
  return { data, magnitude, shape: [n, h, w, c + 1] };
}
