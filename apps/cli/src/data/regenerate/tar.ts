/*
 * Files of a .tgz, read as a stream: an archive of 200 MB holds a few MB that are wanted.
 *
 * A tar archive is a sequence of blocks of 512 bytes: a header, then the file in as many as it
 * needs. The header has the name at 0 (100 bytes), the length at 124 (octal), the type at 156, and
 * the beginning of a long name at 345 (155 bytes). npm packs with these alone; an extended header
 * is a file of another type, and passed over.
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { FileError } from "../../terminal/errors.ts";

const BLOCK = 512;

/** What a header says. */
interface Entry {
  readonly name: string;
  readonly size: number;
}

/**
 * The wanted files of an archive, by name; reading ends with the last of them.
 *
 * @throws {FileError} if the archive is not readable, or does not hold one of them
 */
export async function readTgz(
  file: string,
  wanted: readonly string[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  const stream = createReadStream(file);
  const unzipped = stream.pipe(createGunzip());
  stream.on("error", (error) => unzipped.destroy(error));
  try {
    for await (const [name, bytes] of entries(unzipped, new Set(wanted))) {
      found.set(name, bytes);
      if (wanted.every((each) => found.has(each))) return found;
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`cannot read the archive ${file}: ${reason}\nFetch it again.`, { cause });
  } finally {
    stream.destroy();
    unzipped.destroy();
  }
  const missing = wanted.filter((name) => !found.has(name));
  throw new FileError(
    `the archive ${file} does not hold what it should\n  missing  ${missing.join(", ")}\n` +
      "Fetch it again.",
  );
}

async function* entries(
  chunks: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string>,
): AsyncGenerator<[string, Uint8Array<ArrayBuffer>]> {
  const reader = new ChunkReader(chunks);
  for (;;) {
    const header = await reader.take(BLOCK);
    // Two empty blocks end an archive.
    if (header === null || header.every((byte) => byte === 0)) return;
    const { name, size } = readHeader(header);
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    if (!wanted.has(name)) {
      await reader.skip(padded);
      continue;
    }
    const bytes = await reader.take(padded);
    if (bytes === null) throw new Error("it ends too early");
    yield [name, bytes.slice(0, size)];
  }
}

function readHeader(header: Uint8Array): Entry {
  const text = (from: number, length: number) => {
    const field = header.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
  };
  const size = Number.parseInt(text(124, 12), 8);
  const type = text(156, 1);
  if (!Number.isSafeInteger(size) || size < 0) throw new Error("it is no tar archive");
  const prefix = text(345, 155);
  const isFile = type === "" || type === "0";
  const name = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { name: isFile ? name : "", size };
}

/** Bytes of a stream, as many as are asked for. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `count` bytes; null where the stream has ended before. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#rest.length === 0 && !(await this.#next())) return null;
      const part = this.#rest.subarray(0, count - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#next())) return;
      const passed = Math.min(left, this.#rest.length);
      this.#rest = this.#rest.subarray(passed);
      left -= passed;
    }
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#rest = value;
    return true;
  }
}
