import type { FileFacts } from "./file-facts.ts";
import { qualityOf, ZIGZAG } from "./jpeg-tables.ts";

interface Scan {
  hasExif: boolean;
  hasProfile: boolean;
  luminance: Float64Array | null;
  frame: {
    readonly components: number;
    readonly progressive: boolean;
    readonly sampling: string;
  } | null;
}

/**
 * What a JPEG's markers say, up to its first scan (ITU-T T.81, Annex B); null if it is none.
 *
 * @throws {RangeError} if it breaks off before
 */
export function jpegFacts(bytes: Uint8Array): FileFacts | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scan: Scan = { hasExif: false, hasProfile: false, luminance: null, frame: null };
  for (let at = 2; ; ) {
    while (view.getUint8(at) === 0xff) at += 1;
    const marker = view.getUint8(at);
    // Start of scan: tables that matter stand before it. End of image: there is none.
    if (marker === 0xda || marker === 0xd9) break;
    const length = view.getUint16(at + 1);
    readSegment(scan, marker, new DataView(view.buffer, view.byteOffset + at + 3, length - 2));
    at += 1 + length;
  }
  const { luminance, frame, hasExif, hasProfile } = scan;
  const quality = luminance === null ? null : qualityOf(luminance);
  const tables = quality?.isExact === true ? "libjpeg" : "other tables";
  return {
    format: "jpeg",
    mode: MODES[frame?.components ?? 0] ?? "unknown",
    isLossless: false,
    hasExif,
    hasProfile,
    jpegQuality: quality?.quality ?? null,
    jpegCoding: [tables, frame?.sampling, frame?.progressive ? "progressive" : ""]
      .filter(Boolean)
      .join(" "),
  };
}

const MODES: Readonly<Record<number, string>> = { 1: "grey", 3: "RGB", 4: "CMYK" };

function readSegment(scan: Scan, marker: number, segment: DataView): void {
  if (marker === 0xe1) scan.hasExif ||= begins(segment, "Exif\0");
  else if (marker === 0xe2) scan.hasProfile ||= begins(segment, "ICC_PROFILE\0");
  else if (marker === 0xdb) readTables(scan, segment);
  // SOF0 to SOF15 without DHT, JPG and DAC, which lie between.
  else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
    readFrame(scan, segment, (marker & 3) === 2);
  }
}

function begins(segment: DataView, name: string): boolean {
  return [...name].every(
    (letter, i) => i < segment.byteLength && segment.getUint8(i) === letter.charCodeAt(0),
  );
}

/** Table 0 is the luminance's with every encoder that is in use. */
function readTables(scan: Scan, segment: DataView): void {
  for (let at = 0; at < segment.byteLength; ) {
    const head = segment.getUint8(at);
    const size = head >> 4 === 0 ? 1 : 2;
    if ((head & 15) === 0) {
      const table = new Float64Array(64);
      for (let k = 0; k < 64; k += 1) {
        const where = at + 1 + k * size;
        table[ZIGZAG[k]!] = size === 1 ? segment.getUint8(where) : segment.getUint16(where);
      }
      scan.luminance = table;
    }
    at += 1 + 64 * size;
  }
}

function readFrame(scan: Scan, segment: DataView, progressive: boolean): void {
  const components = segment.getUint8(5);
  const factors = (i: number) => {
    const byte = segment.getUint8(7 + 3 * i);
    return [byte >> 4, byte & 15] as const;
  };
  const sampling = components === 3 ? samplingOf(factors(0), factors(1)) : "";
  scan.frame = { components, progressive, sampling };
}

type Factors = readonly [horizontal: number, vertical: number];

function samplingOf(luminance: Factors, chrominance: Factors): string {
  const ratio = `${luminance[0] / chrominance[0]}x${luminance[1] / chrominance[1]}`;
  return SAMPLINGS[ratio] ?? `chroma ${ratio}`;
}

const SAMPLINGS: Readonly<Record<string, string>> = {
  "1x1": "4:4:4",
  "2x1": "4:2:2",
  "2x2": "4:2:0",
  "1x2": "4:4:0",
  "4x1": "4:1:1",
};
