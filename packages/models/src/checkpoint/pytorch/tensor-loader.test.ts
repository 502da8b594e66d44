import { expect, test } from "vitest";
import { ByteBudget } from "../byte-budget.ts";
import { CheckpointError } from "../errors.ts";
import type { HostDType } from "../host-tensor.ts";
import { StorageRecord, TensorRecord } from "../pickle/values.ts";
import { TensorLoader } from "./tensor-loader.ts";

const DAMAGED = "\nThe file is damaged or incomplete: copy or download it again.";

/** The bytes 0 … 31, from `byteOffset` on in their buffer. */
function memory(byteOffset = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(32 + byteOffset), byteOffset);
  bytes.set(Array.from(bytes.keys()));
  return bytes;
}

function loader(bytes: Uint8Array<ArrayBuffer>): TensorLoader {
  return new TensorLoader(() => bytes, new ByteBudget(bytes.length));
}

function tensor(
  storage: StorageRecord,
  dtype: HostDType,
  [offset, shape, strides]: readonly [number, readonly number[], readonly number[]],
): TensorRecord {
  return new TensorRecord(storage, dtype, { offset, shape, strides });
}

const BYTES = new StorageRecord("0", "uint8", 32);

test("gathers any strides in row-major order", () => {
  const load = (...view: readonly [number, readonly number[], readonly number[]]) => [
    ...loader(memory()).load("t", tensor(BYTES, "uint8", view)).data,
  ];
  expect(load(0, [2, 3], [3, 1])).toEqual([0, 1, 2, 3, 4, 5]);
  expect(load(1, [3, 2], [1, 3])).toEqual([1, 4, 2, 5, 3, 6]);
  expect(load(0, [2, 2, 2], [16, 0, 4])).toEqual([0, 4, 0, 4, 16, 20, 16, 20]);
  expect(load(5, [], [])).toEqual([5]);
  expect(load(31, [1, 1], [9, 7])).toEqual([31]);
  expect(load(32, [0, 4], [7, 9])).toEqual([]);
});

test("the last element may be the storage's last, and not one further", () => {
  const storage = new StorageRecord("0", "float32", 8);
  const last = tensor(storage, "float32", [2, [2, 2], [4, 1]]);
  expect(loader(memory()).load("t", last).data).toHaveLength(4);
  expect(() => loader(memory()).load("t", tensor(storage, "float32", [3, [2, 2], [4, 1]]))).toThrow(
    new CheckpointError(
      'checkpoint: tensor "t" does not lie inside its storage\n' +
        "  shape    [2, 2], strides [4, 1], offset 3, float32\n" +
        `  storage  "0", 32 bytes${DAMAGED}`,
    ),
  );
  const huge = tensor(storage, "float32", [0, [2 ** 40, 2 ** 40], [2 ** 40, 1]]);
  expect(() => loader(memory()).load("t", huge)).toThrow("does not lie inside its storage");
  const outside = tensor(storage, "float32", [9, [0], [1]]);
  expect(() => loader(memory()).load("t", outside)).toThrow("does not lie inside its storage");
});

test("a storage that is shorter than described is refused, each time it is described", () => {
  const short = new StorageRecord("0", "float32", 4);
  const long = new StorageRecord("0", "float32", 9);
  const tensors = loader(memory());
  expect(tensors.load("a", tensor(short, "float32", [0, [4], [1]])).data).toHaveLength(4);
  expect(() => tensors.load("b", tensor(long, "float32", [0, [9], [1]]))).toThrow(
    new CheckpointError(`checkpoint: storage "0" needs 36 bytes, the file has 32${DAMAGED}`),
  );
});

test("memory where a typed array cannot begin is copied", () => {
  const storage = new StorageRecord("0", "int16", 16);
  const record = tensor(storage, "int16", [1, [2], [1]]);
  const bytes = memory(1);
  const { data } = loader(bytes).load("t", record);
  expect([...data]).toEqual([0x0302, 0x0504]);
  expect(data.buffer).not.toBe(bytes.buffer);
  const odd = new StorageRecord("0", "uint8", 31, 1);
  const view = loader(memory()).load("t", tensor(odd, "int16", [0, [2], [1]]));
  expect([...view.data]).toEqual([0x0201, 0x0403]);
});
