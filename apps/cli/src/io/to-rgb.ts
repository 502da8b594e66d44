import type { RgbImage } from "@fauxgrad/models/transforms";

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Interleaved 8-bit pixels to RGB: grey (1) and grey with alpha (2) expanded, alpha (2, 4) dropped.
 *
 * @param pixels `[H, W, channels]`
 */
export function toRgb(pixels: Uint8Array, size: Size, channels: number): RgbImage {
  const { width, height } = size;
  if (channels === 3) return { width, height, data: plain(pixels) };
  const data = new Uint8Array(width * height * 3);
  const green = channels === 4 ? 1 : 0;
  const blue = channels === 4 ? 2 : 0;
  for (let read = 0, write = 0; write < data.length; read += channels, write += 3) {
    data[write] = pixels[read]!;
    data[write + 1] = pixels[read + green]!;
    data[write + 2] = pixels[read + blue]!;
  }
  return { width, height, data };
}

/** A Buffer is a Uint8Array whose `slice` does not copy; images shall not depend on which they hold. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/**
 * Pillow's conversion, without a colour profile: `255 - K - C·(255 - K)/255`, the division rounded,
 * clipped below at 0 (src/libImaging/Convert.c, `cmyk2rgb`).
 *
 * @param pixels `[H, W, 4]`, 255 = full ink
 */
export function cmykToRgb(pixels: Uint8Array, { width, height }: Size): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let read = 0, write = 0; write < data.length; read += 4, write += 3) {
    const light = 255 - pixels[read + 3]!;
    for (let c = 0; c < 3; c += 1) {
      const product = pixels[read + c]! * light + 128;
      data[write + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return { width, height, data };
}
