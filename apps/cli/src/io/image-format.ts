/** The formats that are decoded. */
export type ImageFormat = "png" | "jpeg" | "webp" | "bmp";

/** File name extensions that a folder is searched for; the content decides about the format. */
export const IMAGE_EXTENSIONS = [".png", ".jpg", ".jpeg", ".bmp", ".webp"] as const;

/** The names for messages. */
export const FORMAT_NAMES: Readonly<Record<ImageFormat, string>> = {
  png: "PNG",
  jpeg: "JPEG",
  webp: "WebP",
  bmp: "BMP",
};

/** Bytes of a file that {@link sniffFormat} wants to see. */
export const SNIFF_BYTES = 32;

/** What the first bytes say: a format we decode, the name of another one, or nothing known. */
export type Sniffed =
  | { readonly format: ImageFormat }
  | { readonly other: string }
  | { readonly other: null };

/**
 * Tells the format by the file's first bytes, whatever its name says.
 *
 * @param head the first {@link SNIFF_BYTES} bytes, or all of a shorter file
 */
export function sniffFormat(head: Uint8Array): Sniffed {
  const text = String.fromCharCode(...head.subarray(0, SNIFF_BYTES));
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return { format: "png" };
  if (text.startsWith("\xff\xd8\xff")) return { format: "jpeg" };
  if (text.startsWith("RIFF") && text.startsWith("WEBP", 8)) return { format: "webp" };
  // "BM" alone also opens text: the file header's two reserved words are zero in every BMP.
  if (text.startsWith("BM") && (head.length < 10 || text.startsWith("\0\0\0\0", 6))) {
    return { format: "bmp" };
  }
  const known = OTHERS.find(([, begins]) => begins.some((begin) => text.startsWith(begin)));
  if (known !== undefined) return { other: known[0] };
  const brand = text.startsWith("ftyp", 4) ? BRANDS[text.slice(8, 12)] : undefined;
  return { other: brand ?? (MARKUP.test(text) ? "HTML, XML or SVG" : null) };
}

const OTHERS: readonly (readonly [name: string, begins: readonly string[]])[] = [
  ["GIF", ["GIF87a", "GIF89a"]],
  ["TIFF", ["II*\0", "MM\0*"]],
  ["JPEG XL", ["\xff\x0a", "\0\0\0\x0cJXL "]],
  ["JPEG 2000", ["\xff\x4f\xff\x51", "\0\0\0\x0cjP  "]],
  ["Photoshop", ["8BPS"]],
  ["PDF", ["%PDF"]],
];

/** Major brands of ISO media files. */
const BRANDS: Readonly<Record<string, string>> = {
  avif: "AVIF",
  avis: "AVIF",
  heic: "HEIC",
  heix: "HEIC",
  hevc: "HEIC",
  mif1: "HEIC",
};

const MARKUP = /^\s*(<\?xml|<svg|<!doctype|<html)/i;
