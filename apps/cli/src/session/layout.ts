/*
 * Files are in PyTorch's order, channels first; the device's arrays have channels last.
 */

type Floats = Float32Array<ArrayBuffer>;

/** `[N, C, H, W]` to `[N, H, W, C]`. */
export function toChannelsLast(
  data: Floats,
  [n, c, h, w]: readonly [number, number, number, number],
): Floats {
  return transposePlanes(data, n, c, h * w);
}

/** `[N, H, W, C]` to `[N, C, H, W]`. */
export function toChannelsFirst(
  data: Floats,
  [n, h, w, c]: readonly [number, number, number, number],
): Floats {
  return transposePlanes(data, n, h * w, c);
}

/** `count` matrices `[rows, columns]`, each transposed. */
function transposePlanes(data: Floats, count: number, rows: number, columns: number): Floats {
  const output = new Float32Array(data.length);
  const plane = rows * columns;
  for (let start = 0; start < count * plane; start += plane) {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        output[start + column * rows + row] = data[start + row * columns + column]!;
      }
    }
  }
  return output;
}
