import { BmpError } from "./bmp-error.ts";

/** Enough of a file for {@link readBmpHeader}; a palette may lie further on. */
export const BMP_HEADER_BYTES = 14 + 124 + 16;

/** The resolved header of a bitmap. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per pixel. */
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  /** Whether the first row in the file is the top one. */
  readonly topDown: boolean;
  readonly runLength: boolean;
  /** Bit masks of R, G and B in a pixel of 16 to 32 bits. */
  readonly masks: readonly [number, number, number];
  /** Where the palette begins, its number of colours, and bytes per colour (B, G, R, and a spare). */
  readonly palette: { readonly offset: number; readonly colors: number; readonly stride: 3 | 4 };
  /** Where the pixels begin. */
  readonly dataOffset: number;
}

type Masks = BmpHeader["masks"];

const COMPRESSIONS = { raw: 0, rle8: 1, rle4: 2, bitFields: 3, alphaBitFields: 6 } as const;
/** OS/2 1.x; Windows 3 and its later enlargements. */
const HEADER_SIZES = [12, 40, 52, 56, 108, 124];
const DEPTHS = [1, 4, 8, 16, 24, 32] as const;
const DEFAULT_MASKS: Masks = [0xff0000, 0xff00, 0xff];
const DEFAULT_MASKS_16: Masks = [0x7c00, 0x3e0, 0x1f];

/**
 * Reads sizes and layout from the beginning of a file.
 *
 * @param bytes at least the first {@link BMP_HEADER_BYTES} bytes, or a whole shorter file
 * @throws {BmpError} if the header is cut off, contradictory, or of an unsupported kind
 */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 18) throw new BmpError("the BMP header ends early");
  const headerSize = view.getUint32(14, true);
  if (!HEADER_SIZES.includes(headerSize)) {
    throw new BmpError(`the BMP header has ${headerSize} bytes, a size that no version has`);
  }
  if (bytes.length < 14 + headerSize) throw new BmpError("the BMP header ends early");

  const fields = headerSize === 12 ? oldFields(view) : newFields(view);
  const { width, height, compression } = fields;
  if (width <= 0 || height <= 0) throw new BmpError(`the BMP has no pixels: ${width} x ${height}`);
  const bits = DEPTHS.find((depth) => depth === fields.bits);
  if (bits === undefined) throw new BmpError(`${fields.bits} bits per pixel is no BMP depth`);
  const runLength = isRunLength(compression, bits);

  const hasMasks =
    compression === COMPRESSIONS.bitFields || compression === COMPRESSIONS.alphaBitFields;
  // A 40-byte header is followed by its masks; larger ones contain them at the same place.
  const masksAfter = compression === COMPRESSIONS.alphaBitFields ? 16 : 12;
  const maskBytes = hasMasks && headerSize === 40 ? masksAfter : 0;
  const paletteOffset = 14 + headerSize + maskBytes;
  const colors = bits > 8 ? 0 : fields.colors || 1 << bits;
  if (colors > 65536) throw new BmpError(`a BMP palette of ${colors} colours is too large`);
  const palette = { offset: paletteOffset, colors, stride: fields.paletteStride };
  return {
    width,
    height,
    bits,
    topDown: fields.topDown,
    runLength,
    masks: hasMasks ? readMasks(view, bits) : bits === 16 ? DEFAULT_MASKS_16 : DEFAULT_MASKS,
    palette,
    dataOffset: dataOffset(view, headerSize, palette),
  };
}

/**
 * The palette as `[256, 3]`, R G B. Indices beyond the file's colours are greys, as in Pillow.
 *
 * @throws {BmpError} if the file ends inside it
 */
export function readPalette(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { offset, colors, stride } = header.palette;
  if (offset + colors * stride > bytes.length) throw new BmpError("the BMP palette ends early");
  const palette = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index += 1) {
    const at = offset + index * stride;
    for (let c = 0; c < 3; c += 1) {
      palette[index * 3 + c] = index < colors ? bytes[at + 2 - c]! : index;
    }
  }
  return palette;
}

function oldFields(view: DataView) {
  return {
    width: view.getUint16(18, true),
    height: view.getUint16(20, true),
    bits: view.getUint16(24, true),
    compression: COMPRESSIONS.raw as number,
    colors: 0,
    topDown: false,
    paletteStride: 3 as const,
  };
}

function newFields(view: DataView) {
  const height = view.getInt32(22, true);
  return {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    bits: view.getUint16(28, true),
    compression: view.getUint32(30, true),
    colors: view.getUint32(46, true),
    topDown: height < 0,
    paletteStride: 4 as const,
  };
}

function isRunLength(compression: number, bits: number): boolean {
  switch (compression) {
    case COMPRESSIONS.raw:
      return false;
    case COMPRESSIONS.rle8:
    case COMPRESSIONS.rle4: {
      const expected = compression === COMPRESSIONS.rle8 ? 8 : 4;
      if (bits === expected) return true;
      throw new BmpError(`a run-length BMP of ${expected} bits says it has ${bits}`);
    }
    case COMPRESSIONS.bitFields:
    case COMPRESSIONS.alphaBitFields:
      if (bits > 8) return false;
      throw new BmpError(`a BMP of ${bits} bits cannot have bit fields`);
    default:
      throw new BmpError(`BMP compression ${compression} is not supported`);
  }
}

function readMasks(view: DataView, bits: number): Masks {
  if (view.byteLength < 66) throw new BmpError("the BMP header ends early");
  const masks: Masks = [
    view.getUint32(54, true),
    view.getUint32(58, true),
    view.getUint32(62, true),
  ];
  if (masks.every((mask) => mask === 0)) return bits === 16 ? DEFAULT_MASKS_16 : DEFAULT_MASKS;
  for (const mask of masks) {
    // Contiguous bits: adding the lowest one carries over all of them.
    const lowest = (mask & -mask) >>> 0;
    const carried = mask + lowest;
    if (mask !== 0 && (carried & (carried - 1)) !== 0) {
      throw new BmpError(`the BMP bit field 0x${mask.toString(16)} has gaps`);
    }
  }
  return masks;
}

function dataOffset(view: DataView, headerSize: number, palette: BmpHeader["palette"]): number {
  const stated = view.getUint32(10, true);
  const afterPalette = palette.offset + palette.colors * palette.stride;
  // Some writers forget the palette, or everything.
  if (stated === 0) return afterPalette;
  return stated === 14 + headerSize && palette.colors > 0 ? afterPalette : stated;
}
