/*
 * What would let a browser change pixels is taken out of a file before the browser sees it: EXIF's
 * orientation, colour profiles, gammas, later frames. Browsers differ in which of these they apply,
 * and in which of their own switches against it they know; LGrad's gradient sees every such change.
 */
import type { ImageFormat } from "../../../cli/src/io/image-format.ts";

/** A file of which only the picture is left. */
export interface StrippedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the end of the data is there. Browsers paint what is left of a truncated file. */
  readonly isComplete: boolean;
}

/** A file's parts that are kept, or null where its structure is not the format's. */
interface Kept {
  readonly parts: readonly Uint8Array[];
  readonly isComplete: boolean;
}

const STRIPPERS: Readonly<Record<Exclude<ImageFormat, "bmp">, (bytes: Uint8Array) => Kept>> = {
  jpeg: jpegParts,
  png: pngParts,
  webp: webpParts,
};

/** The file without orientation, profiles and animation; pixels' data is not touched. */
export function stripMetadata(
  format: Exclude<ImageFormat, "bmp">,
  bytes: Uint8Array,
): StrippedFile {
  const { parts, isComplete } = STRIPPERS[format](bytes);
  const stripped = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    stripped.set(part, at);
    at += part.length;
  }
  if (format === "webp") finishWebp(stripped);
  return { bytes: stripped, isComplete };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const JPEG = { exif: 0xe1, profile: 0xe2, scan: 0xda, end: 0xd9 } as const;

/** Segments up to the first scan, without APP1 (EXIF, XMP) and APP2 (profiles); then the rest. */
function jpegParts(bytes: Uint8Array): Kept {
  const view = viewOf(bytes);
  const parts = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      // Fill bytes may stand before a marker.
      at += 1;
      continue;
    }
    if (marker === JPEG.scan) break;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker !== JPEG.exif && marker !== JPEG.profile) parts.push(bytes.subarray(at, end));
    at = end;
  }
  const scans = bytes.subarray(at);
  return { parts: [...parts, scans], isComplete: hasEndOfImage(scans) };
}

/** Cameras write more behind the marker; in a scan's data it cannot stand. */
function hasEndOfImage(scans: Uint8Array): boolean {
  for (let at = scans.lastIndexOf(JPEG.end); at > 0; at = scans.lastIndexOf(JPEG.end, at - 1)) {
    if (scans[at - 1] === 0xff) return true;
  }
  return false;
}

const PNG_DROPPED: ReadonlySet<string> = new Set([
  ...["eXIf", "iCCP", "sRGB", "gAMA", "cHRM", "cICP", "mDCV", "cLLI"],
  ...["acTL", "fcTL", "fdAT"],
]);

function pngParts(bytes: Uint8Array): Kept {
  const view = viewOf(bytes);
  const parts = [bytes.subarray(0, 8)];
  let at = 8;
  // Length, type, data, check sum.
  while (at + 12 <= bytes.length) {
    const end = at + 12 + view.getUint32(at);
    const type = text(bytes, at + 4);
    if (!PNG_DROPPED.has(type)) parts.push(bytes.subarray(at, end));
    at = end;
    if (type === "IEND") return { parts, isComplete: end <= bytes.length };
  }
  return { parts, isComplete: false };
}

const WEBP_DROPPED: ReadonlySet<string> = new Set(["ICCP", "EXIF", "XMP "]);
/** Of VP8X's first byte: profile, EXIF and XMP are there. */
const WEBP_FLAGS = 0x20 | 0x08 | 0x04;

function webpParts(bytes: Uint8Array): Kept {
  const view = viewOf(bytes);
  const size = bytes.length >= 8 ? view.getUint32(4, true) + 8 : Infinity;
  const parts = [bytes.subarray(0, 12)];
  let at = 12;
  while (at + 8 <= Math.min(size, bytes.length)) {
    // Chunks are padded to an even length.
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    if (!WEBP_DROPPED.has(text(bytes, at))) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return { parts, isComplete: size <= bytes.length };
}

/** Length and flags as they are without the chunks. */
function finishWebp(bytes: Uint8Array): void {
  if (bytes.length < 12) return;
  viewOf(bytes).setUint32(4, bytes.length - 8, true);
  if (bytes.length > 20 && text(bytes, 12) === "VP8X") bytes[20]! &= ~WEBP_FLAGS;
}

/** A chunk's type: four characters. */
function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
