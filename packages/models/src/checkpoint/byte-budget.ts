import { CheckpointError, FILE_IS_DAMAGED } from "./errors.ts";

const MEBIBYTE = 2 ** 20;

/**
 * How many bytes one file may make us allocate beyond itself.
 *
 * Tensors are views of the file. What cannot be a view (a deflated entry, a transposed tensor) is a
 * copy, and a hostile file of a few bytes could ask for terabytes of them: a deflate bomb, or a
 * tensor of stride 0. Real files need a small multiple of their own size.
 */
export class ByteBudget {
  #left: number;
  readonly #total: number;

  /** @param fileBytes length of the file in bytes; 64 times that, plus 64 MiB, may be allocated */
  constructor(fileBytes: number) {
    this.#total = 64 * fileBytes + 64 * MEBIBYTE;
    this.#left = this.#total;
  }

  /** @throws {CheckpointError} if the file has asked for more than its budget */
  take(bytes: number, what: string): void {
    if (bytes <= this.#left) {
      this.#left -= bytes;
      return;
    }
    throw new CheckpointError(
      `checkpoint: ${what} needs ${bytes} bytes, more than a file of this size may ask for\n` +
        `  budget  ${this.#total} bytes in all, ${this.#left} left\n${FILE_IS_DAMAGED}`,
    );
  }
}
