// A .tgz as npm packs them, for tests.
import { gzipSync } from "node:zlib";

const BLOCK = 512;

/** One file of an archive; its type is a digit, `0` for files. */
export interface ArchiveFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: string;
  /** The folders, where the name alone has no room for them. */
  readonly prefix?: string;
}

/** The archive's bytes, before compression. */
export function tarBytes(files: readonly ArchiveFile[]): Buffer {
  const blocks = files.flatMap(({ name, bytes, type = "0", prefix = "" }) => {
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0, 100);
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write(type, 156);
    header.write("ustar\0", 257);
    header.write(prefix, 345);
    return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The archive as a file has it. */
export function tgzBytes(files: readonly ArchiveFile[]): Buffer {
  return gzipSync(tarBytes(files));
}
