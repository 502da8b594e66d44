import { CheckpointError, FILE_IS_DAMAGED } from "../errors.ts";

/** Reads little-endian values one after the other; every read is checked against the end. */
export class ByteReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** What the positions of messages are in: "data.pkl", "the file". */
  readonly label: string;
  position = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, label: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.label = label;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, start + count);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A 64-bit count; above 2^53 it is inexact, and past the end of any file. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** Pickle's only big-endian value. */
  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** The bytes up to the next line feed, which is skipped. */
  line(): Uint8Array<ArrayBuffer> {
    const end = this.#bytes.indexOf(0x0a, this.position);
    const line = this.take(end < 0 ? this.length : end - this.position);
    this.position++;
    return line;
  }

  #advance(count: number): number {
    const start = this.position;
    if (count > this.length - start) {
      throw new CheckpointError(
        `checkpoint: ${this.label} ends too early\n` +
          `  byte ${start} of ${this.length}: ${count} more are needed\n${FILE_IS_DAMAGED}`,
      );
    }
    this.position = start + count;
    return start;
  }
}
