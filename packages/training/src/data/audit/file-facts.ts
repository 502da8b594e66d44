/*
 * What a file says about itself, read from its bytes without decoding: format, colour mode,
 * metadata, how it was compressed. All of it differs between cameras, generators and the people who
 * save their pictures, and none of it is what a detector should learn.
 */
import { jpegFacts } from "./jpeg-facts.ts";

/** Facts of a file; those that its format has not are null. */
export interface FileFacts {
  readonly format: "png" | "jpeg" | "webp" | "bmp";
  /** `RGB`, `grey`, `palette`, `CMYK`, with `+ alpha`, and the bits where they are not 8. */
  readonly mode: string;
  /** Whether decoding gives back what was saved. */
  readonly isLossless: boolean;
  readonly hasExif: boolean;
  /** An ICC profile. */
  readonly hasProfile: boolean;
  /** JPEG: libjpeg's quality nearest to the luminance table, 1..100. */
  readonly jpegQuality: number | null;
  /** JPEG: `libjpeg 4:2:0`, or `other tables 4:4:4 progressive`. */
  readonly jpegCoding: string | null;
}

/**
 * Reads what a PNG, JPEG, WebP or BMP file says about itself. Null if the file is none of them or
 * breaks off within its header.
 *
 * @param bytes the whole file
 */
export function readFileFacts(bytes: Uint8Array): FileFacts | null {
  const reader = [pngFacts, jpegFacts, webpFacts, bmpFacts];
  try {
    for (const read of reader) {
      const facts = read(bytes);
      if (facts !== null) return facts;
    }
  } catch (error) {
    // A DataView that is read beyond its end: the file breaks off.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

const NOT_JPEG = { jpegQuality: null, jpegCoding: null } as const;

/** ASCII at a place. */
function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const PNG_MODES: Readonly<Record<number, string>> = {
  0: "grey",
  2: "RGB",
  3: "palette",
  4: "grey + alpha",
  6: "RGB + alpha",
};

function pngFacts(bytes: Uint8Array): FileFacts | null {
  if (text(bytes, 0, 8) !== "\x89PNG\r\n\x1a\n") return null;
  const view = viewOf(bytes);
  const depth = view.getUint8(24);
  const mode = PNG_MODES[view.getUint8(25)] ?? "unknown";
  const chunks = new Set<string>();
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    chunks.add(text(bytes, at + 4, 4));
  }
  return {
    format: "png",
    mode: depth === 8 ? mode : `${mode}, ${depth} bits`,
    isLossless: true,
    hasExif: chunks.has("eXIf"),
    hasProfile: chunks.has("iCCP"),
    ...NOT_JPEG,
  };
}

function webpFacts(bytes: Uint8Array): FileFacts | null {
  if (text(bytes, 0, 4) !== "RIFF" || text(bytes, 8, 4) !== "WEBP") return null;
  const view = viewOf(bytes);
  const chunks = new Map<string, number>();
  // Chunks are padded to an even length.
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = text(bytes, at, 4);
    if (!chunks.has(name)) chunks.set(name, at + 8);
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length & 1);
  }
  const lossless = chunks.get("VP8L");
  // VP8L: signature, then 14 bits of width, 14 of height, 1 of alpha.
  const hasAlpha =
    lossless === undefined ? chunks.has("ALPH") : (view.getUint8(lossless + 4) & 0x10) !== 0;
  return {
    format: "webp",
    mode: hasAlpha ? "RGB + alpha" : "RGB",
    isLossless: lossless !== undefined,
    hasExif: chunks.has("EXIF"),
    hasProfile: chunks.has("ICCP"),
    ...NOT_JPEG,
  };
}

function bmpFacts(bytes: Uint8Array): FileFacts | null {
  if (text(bytes, 0, 2) !== "BM") return null;
  const view = viewOf(bytes);
  // OS/2's core header has 16-bit sizes.
  const depth = view.getUint16(view.getUint32(14, true) === 12 ? 24 : 28, true);
  return {
    format: "bmp",
    mode: depth <= 8 ? "palette" : depth === 24 ? "RGB" : `RGB, ${depth} bits`,
    isLossless: true,
    hasExif: false,
    hasProfile: false,
    ...NOT_JPEG,
  };
}
