// The part of the ZIP format that PyTorch's archives use: the central directory, with its 64-bit
// extension, and stored entries, which are returned as views of the file. torch.save never deflates
// data, but people re-zip files, and TorchScript deflates its source code.

import { Inflate } from "fflate";
import type { ByteBudget } from "./byte-budget.ts";
import { CheckpointError, FILE_IS_DAMAGED, quote } from "./errors.ts";

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const EXTRA_64 = 0x0001;
const STORED = 0;
const DEFLATED = 8;
const MOST_ENTRIES = 1_000_000;
/** The piece of deflated input handled at a time, in bytes: its output is checked after each. */
const INFLATE_CHUNK = 16_384;

interface ZipEntry {
  readonly name: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly storedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

function fail(problem: string): never {
  throw new CheckpointError(`zip: ${problem}\n${FILE_IS_DAMAGED}`);
}

/** A ZIP archive in memory. */
export class ZipArchive {
  readonly #file: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #budget: ByteBudget;
  readonly #entries = new Map<string, ZipEntry>();
  /** Where each entry's bytes must end: at the next header, or at the central directory. */
  readonly #ends = new Map<ZipEntry, number>();

  /** @throws {CheckpointError} if the central directory is missing or contradicts the file */
  constructor(file: Uint8Array<ArrayBuffer>, budget: ByteBudget) {
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.#budget = budget;
    const { start, count } = this.#findDirectory();
    this.#readDirectory(start, count);
    const byOffset = [...this.#entries.values()].sort((a, b) => a.headerOffset - b.headerOffset);
    byOffset.forEach((entry, i) => {
      const next = byOffset[i + 1]?.headerOffset ?? start;
      this.#ends.set(entry, Math.min(next, start, file.length));
    });
  }

  /** Names of all entries, in the order of the central directory. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * The contents of an entry: a view of the file when it is stored, a copy when it is deflated.
   * Checksums are not verified: torch.save can be told to leave them out.
   *
   * @throws {CheckpointError} if there is no such entry or its bytes are not there
   */
  read(name: string): Uint8Array<ArrayBuffer> {
    const entry = this.#entries.get(name);
    if (entry === undefined) fail(`the archive has no entry ${quote(name)}`);
    if (entry.encrypted) fail(`entry ${quote(name)} is encrypted`);
    const { headerOffset: at, storedBytes } = entry;
    const end = this.#ends.get(entry) ?? 0;
    if (at + 30 > end || this.#view.getUint32(at, true) !== LOCAL_HEADER) {
      fail(`entry ${quote(name)} has no local header at byte ${at}`);
    }
    const nameBytes = this.#view.getUint16(at + 26, true);
    const start = at + 30 + nameBytes + this.#view.getUint16(at + 28, true);
    if (start + storedBytes > end) {
      fail(`entry ${quote(name)} reaches past byte ${end}, where the next one begins`);
    }
    const stored = this.#file.subarray(start, start + storedBytes);
    if (entry.method === DEFLATED) return this.#inflate(entry, stored);
    if (entry.method !== STORED) {
      fail(`entry ${quote(name)} uses compression method ${entry.method}, not stored or deflate`);
    }
    if (entry.bytes !== storedBytes) fail(`entry ${quote(name)} has two different lengths`);
    return stored;
  }

  #inflate(entry: ZipEntry, deflated: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#budget.take(entry.bytes, `the deflated entry ${quote(entry.name)}`);
    const output = new Uint8Array(entry.bytes);
    let length = 0;
    const tooLong = () =>
      fail(`entry ${quote(entry.name)} inflates to more than ${entry.bytes} bytes`);
    const inflate = new Inflate((chunk) => {
      if (length + chunk.length > output.length) tooLong();
      output.set(chunk, length);
      length += chunk.length;
    });
    try {
      for (let i = 0; i < deflated.length; i += INFLATE_CHUNK) {
        const isLast = i + INFLATE_CHUNK >= deflated.length;
        inflate.push(deflated.subarray(i, i + INFLATE_CHUNK), isLast);
      }
    } catch (error) {
      if (error instanceof CheckpointError) throw error;
      fail(`entry ${quote(entry.name)} is not valid deflate data`);
    }
    if (length !== output.length) {
      fail(`entry ${quote(entry.name)} inflates to ${length} bytes, not ${entry.bytes}`);
    }
    return output;
  }

  #findDirectory(): { start: number; count: number } {
    const view = this.#view;
    const last = view.byteLength - 22;
    for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
      if (view.getUint32(at, true) !== END_OF_DIRECTORY) continue;
      if (at + 22 + view.getUint16(at + 20, true) !== view.byteLength) continue;
      if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64) {
        return this.#findDirectory64(this.#uint64(at - 20 + 8));
      }
      return { start: view.getUint32(at + 16, true), count: view.getUint16(at + 10, true) };
    }
    fail("the archive has no central directory at its end");
  }

  #findDirectory64(at: number): { start: number; count: number } {
    if (at + 56 > this.#view.byteLength || this.#view.getUint32(at, true) !== END_OF_DIRECTORY_64) {
      fail(`the 64-bit end of the central directory is not at byte ${at}`);
    }
    return { start: this.#uint64(at + 48), count: this.#uint64(at + 32) };
  }

  #uint64(at: number): number {
    if (at + 8 > this.#view.byteLength) fail(`the file ends inside a number at byte ${at}`);
    const value = Number(this.#view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) fail(`the number at byte ${at} is too large`);
    return value;
  }

  #readDirectory(start: number, count: number): void {
    if (count > MOST_ENTRIES) fail(`the archive has ${count} entries, more than ${MOST_ENTRIES}`);
    const view = this.#view;
    const decoder = new TextDecoder();
    let at = start;
    for (let i = 0; i < count; i++) {
      if (at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
        fail(`entry ${i} of the central directory is not at byte ${at}`);
      }
      const extraStart = at + 46 + view.getUint16(at + 28, true);
      const extraEnd = extraStart + view.getUint16(at + 30, true);
      if (extraEnd > view.byteLength) fail("the central directory ends after the file");
      const name = decoder.decode(this.#file.subarray(at + 46, extraStart));
      if (this.#entries.has(name)) fail(`the archive has the entry ${quote(name)} twice`);
      this.#entries.set(name, this.#readEntry(name, at, { extraStart, extraEnd }));
      at = extraEnd + view.getUint16(at + 32, true);
    }
  }

  #readEntry(
    name: string,
    at: number,
    { extraStart, extraEnd }: { extraStart: number; extraEnd: number },
  ): ZipEntry {
    const view = this.#view;
    const narrow = [at + 24, at + 20, at + 42].map((field) => view.getUint32(field, true));
    // A field of all ones has its value in the 64-bit extra field, in this order.
    let wide = this.#findExtra64(extraStart, extraEnd);
    const [bytes = 0, storedBytes = 0, headerOffset = 0] = narrow.map((value) => {
      if (value !== 0xffffffff || wide === null) return value;
      if (wide + 8 > extraEnd) fail(`entry ${quote(name)} lacks its 64-bit sizes`);
      wide += 8;
      return this.#uint64(wide - 8);
    });
    const encrypted = (view.getUint16(at + 8, true) & 1) !== 0;
    const method = view.getUint16(at + 10, true);
    return { name, encrypted, method, bytes, storedBytes, headerOffset };
  }

  #findExtra64(start: number, end: number): number | null {
    for (let at = start; at + 4 <= end; at += 4 + this.#view.getUint16(at + 2, true)) {
      if (this.#view.getUint16(at, true) === EXTRA_64) return at + 4;
    }
    return null;
  }
}
