import type { ByteBudget } from "../byte-budget.ts";
import { CheckpointError, FILE_IS_DAMAGED, quote } from "../errors.ts";
import {
  bytesPerElement,
  elementCount,
  formatShape,
  type HostTensor,
  viewTensor,
} from "../host-tensor.ts";
import type { StorageRecord, TensorRecord } from "../pickle/values.ts";

/** Where the raw bytes of a storage lie; throws a {@link CheckpointError} if it is not there. */
export type StorageSource = (storage: StorageRecord) => Uint8Array<ArrayBuffer>;

/** Strides of a row-major tensor, in elements. */
function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

function isContiguous({ shape, strides }: TensorRecord): boolean {
  const expected = contiguousStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}

/** Offset of the last element from the first, in elements. */
function reach({ shape, strides }: TensorRecord): number {
  return shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), 0);
}

/** Row-major copy of a strided view; `source` starts at the view's first element. */
function gather(
  source: Uint8Array<ArrayBuffer>,
  { shape, strides }: TensorRecord,
  itemBytes: number,
): Uint8Array<ArrayBuffer> {
  const count = elementCount(shape) ?? 0;
  const output = new Uint8Array(count * itemBytes);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < output.length; to += itemBytes) {
    for (let i = 0; i < itemBytes; i++) output[to + i] = source[from + i]!;
    // Count up like an odometer, the last axis fastest, and move `from` along.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const step = strides[axis]! * itemBytes;
      index[axis]!++;
      from += step;
      if (index[axis]! < shape[axis]!) break;
      from -= index[axis]! * step;
      index[axis] = 0;
    }
  }
  return output;
}

/**
 * Turns the records of a pickle into tensors: views of the file for contiguous tensors, so that
 * tied weights share memory, and row-major copies for the rest.
 */
export class TensorLoader {
  readonly #source: StorageSource;
  readonly #budget: ByteBudget;
  readonly #storages = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(source: StorageSource, budget: ByteBudget) {
    this.#source = source;
    this.#budget = budget;
  }

  /** @throws {CheckpointError} if the view does not lie inside its storage */
  load(name: string, record: TensorRecord): HostTensor {
    const { storage, dtype, shape } = record;
    const itemBytes = bytesPerElement(dtype);
    const count = elementCount(shape);
    const storageBytes = storage.length * bytesPerElement(storage.dtype);
    const last = count === 0 ? record.offset - 1 : record.offset + reach(record);
    if (count === null || (last + 1) * itemBytes > storageBytes) {
      throw new CheckpointError(
        `checkpoint: tensor ${quote(name)} does not lie inside its storage\n` +
          `  shape    ${formatShape(shape)}, strides ${formatShape(record.strides)}, ` +
          `offset ${record.offset}, ${dtype}\n` +
          `  storage  ${quote(storage.key)}, ${storageBytes} bytes\n${FILE_IS_DAMAGED}`,
      );
    }
    const bytes = this.#bytesOf(storage, itemBytes);
    const start = storage.offset * bytesPerElement(storage.dtype) + record.offset * itemBytes;
    const isAligned = (bytes.byteOffset + start) % itemBytes === 0;
    if (isAligned && isContiguous(record)) {
      return viewTensor(dtype, shape, bytes.subarray(start, start + count * itemBytes));
    }
    this.#budget.take(count * itemBytes, `a row-major copy of ${quote(name)}`);
    return viewTensor(dtype, shape, gather(bytes.subarray(start), record, itemBytes));
  }

  /** The storage's bytes, moved if need be to where a typed array may begin. */
  #bytesOf(storage: StorageRecord, alignment: number): Uint8Array<ArrayBuffer> {
    let bytes = this.#storages.get(storage.key) ?? this.#source(storage);
    const needed = (storage.offset + storage.length) * bytesPerElement(storage.dtype);
    if (needed > bytes.length) {
      throw new CheckpointError(
        `checkpoint: storage ${quote(storage.key)} needs ${needed} bytes, ` +
          `the file has ${bytes.length}\n${FILE_IS_DAMAGED}`,
      );
    }
    if (bytes.byteOffset % alignment !== 0) {
      this.#budget.take(bytes.length, `an aligned copy of storage ${quote(storage.key)}`);
      bytes = bytes.slice();
    }
    this.#storages.set(storage.key, bytes);
    return bytes;
  }
}
