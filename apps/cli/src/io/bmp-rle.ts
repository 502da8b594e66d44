import { BmpError } from "./bmp-error.ts";
import type { BmpHeader } from "./bmp-header.ts";

/**
 * The palette indices of a run-length bitmap, `[H, W]` in the file's order of rows. Pixels that the
 * runs skip are index 0; what reaches past the end of a row, or past the last row, is dropped.
 *
 *     n c          n pixels of colour c (4 bits: of its two halves in turn)
 *     0 0          end of the row            0 1   end of the picture
 *     0 2 dx dy    move right and on         0 n … n pixels as they are, padded to two bytes
 *
 * @throws {BmpError} if the file ends before the picture does
 */
export function expandRuns(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, bits } = header;
  const indices = new Uint8Array(width * height);
  let at = header.dataOffset;
  let x = 0;
  let y = 0;

  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) {
      throw new BmpError(`the BMP data ends early, in row ${y + 1} of ${height}`);
    }
    at += 1;
    return byte;
  };
  const put = (index: number): void => {
    if (x < width) indices[y * width + x] = index;
    x += 1;
  };
  const half = (byte: number, i: number): number => (i % 2 === 0 ? byte >> 4 : byte & 15);

  const absolute = (count: number): void => {
    let byte = 0;
    for (let i = 0; i < count; i += 1) {
      if (bits === 8) put(next());
      else {
        if (i % 2 === 0) byte = next();
        put(half(byte, i));
      }
    }
    const used = bits === 8 ? count : (count + 1) >> 1;
    if (used % 2 === 1) next();
  };

  while (y < height) {
    const count = next();
    const code = next();
    if (count > 0) {
      for (let i = 0; i < count; i += 1) put(bits === 8 ? code : half(code, i));
    } else if (code === 0) {
      x = 0;
      y += 1;
    } else if (code === 1) {
      break;
    } else if (code === 2) {
      x += next();
      y += next();
    } else {
      absolute(code);
    }
  }
  return indices;
}
