/*
 * Windows and OS/2 bitmaps to RGB, as Pillow's BmpImagePlugin reads them: 1, 4, 8, 16, 24 and 32 bits,
 * palettes, bit fields, both run-length encodings, top-down and bottom-up.
 *
 * libvips, which decodes the other formats, has no BMP reader. The published ones for Node that were
 * tried stop after the first row of a 4-bit image of odd width, shift the channels of run-length
 * images and ignore the header's offset of the pixels.
 */
import type { RgbImage } from "@fauxgrad/models/transforms";
import { BmpError } from "./bmp-error.ts";
import { type BmpHeader, readBmpHeader, readPalette } from "./bmp-header.ts";
import { expandRuns } from "./bmp-rle.ts";

/**
 * Decodes a whole file. Memory is `width · height · 3`, and as much again for run-length images:
 * look at {@link readBmpHeader} first where the file is not trusted.
 *
 * @throws {BmpError} where the data ends early or the header asks for what does not exist
 */
export function decodeBmp(bytes: Uint8Array): RgbImage {
  const header = readBmpHeader(bytes);
  const { width, height, bits } = header;
  // Before the allocation: a short file must not cost what its header promises.
  const end = header.dataOffset + rowStride(header) * (height - 1) + Math.ceil((width * bits) / 8);
  if (!header.runLength && end > bytes.length) {
    throw new BmpError(`the BMP data ends early: ${bytes.length} bytes of ${end}`);
  }
  const data = new Uint8Array(width * height * 3);
  if (bits <= 8) paintIndexed(bytes, header, data);
  else paintDirect(bytes, header, data);
  return { width, height, data };
}

/** Bytes from one row of the file to the next: rows are padded to four. */
function rowStride({ width, bits }: BmpHeader): number {
  return Math.ceil((width * bits) / 32) * 4;
}

/** Where a row of the picture, counted from the top, begins in the file. */
function rowBegin(header: BmpHeader, y: number): number {
  const row = header.topDown ? y : header.height - 1 - y;
  return header.dataOffset + rowStride(header) * row;
}

function paintIndexed(bytes: Uint8Array, header: BmpHeader, data: Uint8Array): void {
  const { width, height, bits, topDown, runLength } = header;
  const palette = readPalette(bytes, header);
  const indices = runLength ? expandRuns(bytes, header) : null;
  const mask = (1 << bits) - 1;
  let write = 0;
  for (let y = 0; y < height; y += 1) {
    const begin = rowBegin(header, y);
    const row = (topDown ? y : height - 1 - y) * width;
    for (let x = 0; x < width; x += 1) {
      const bit = x * bits;
      const index =
        indices === null
          ? (bytes[begin + (bit >> 3)]! >> (8 - bits - (bit & 7))) & mask
          : indices[row + x]!;
      const color = index * 3;
      data[write] = palette[color]!;
      data[write + 1] = palette[color + 1]!;
      data[write + 2] = palette[color + 2]!;
      write += 3;
    }
  }
}

function paintDirect(bytes: Uint8Array, header: BmpHeader, data: Uint8Array): void {
  const { width, height, bits } = header;
  const size = bits / 8;
  const [red, green, blue] = header.masks.map(channelReader) as [Channel, Channel, Channel];
  let write = 0;
  for (let y = 0; y < height; y += 1) {
    let read = rowBegin(header, y);
    for (let x = 0; x < width; x += 1) {
      let pixel = bytes[read]! | (bytes[read + 1]! << 8);
      if (size > 2) pixel |= bytes[read + 2]! << 16;
      if (size > 3) pixel |= bytes[read + 3]! << 24;
      data[write] = red(pixel);
      data[write + 1] = green(pixel);
      data[write + 2] = blue(pixel);
      read += size;
      write += 3;
    }
  }
}

type Channel = (pixel: number) => number;

/** Takes one channel out of a pixel and stretches it to 0..255, rounding down as Pillow does. */
function channelReader(mask: number): Channel {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  if (largest === 255) return (pixel) => (pixel >>> shift) & 255;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / largest);
}
