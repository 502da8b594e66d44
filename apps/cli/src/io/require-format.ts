import { ImageError } from "./image-error.ts";
import { FORMAT_NAMES, type ImageFormat, sniffFormat } from "./image-format.ts";

/**
 * The format of a file's content. Without Node: browsers refuse the same files in the same words.
 *
 * @param head the first `SNIFF_BYTES` bytes, or all of a shorter file
 * @param size bytes of the whole file
 * @throws {ImageError} if it is empty, or none that is decoded
 */
export function requireFormat(file: string, head: Uint8Array, size: number): ImageFormat {
  if (head.length === 0) {
    throw new ImageError({
      file,
      problem: "the file is empty",
      remedy: "Restore it from its source, or leave it out.",
    });
  }
  const sniffed = sniffFormat(head);
  if ("format" in sniffed) return sniffed.format;
  const known = Object.values(FORMAT_NAMES).join(", ");
  const hex = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  throw new ImageError({
    file,
    problem:
      sniffed.other === null
        ? "the content is no image that can be decoded"
        : `the content is ${sniffed.other}, which is not decoded`,
    details: [`bytes   ${size}, beginning ${hex.join(" ")}`, `known   ${known}`],
    remedy: "Convert it to PNG, or leave it out.",
  });
}
