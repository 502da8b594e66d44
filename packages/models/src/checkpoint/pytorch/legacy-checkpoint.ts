// torch.save before 1.6, and since with _use_new_zipfile_serialization=False: five pickles, then
// the storages.
//
//   magic number · protocol version · system information · the object · list of storage keys
//   for each key:  u64 number of elements · the elements

import { ByteBudget } from "../byte-budget.ts";
import { CheckpointError, FILE_IS_DAMAGED, quote, SAVE_AS_STATE_DICT } from "../errors.ts";
import { bytesPerElement } from "../host-tensor.ts";
import { ByteReader } from "../pickle/byte-reader.ts";
import { PickleMachine, unpickle } from "../pickle/unpickler.ts";
import type { PickleValue, StorageRecord } from "../pickle/values.ts";
import { TensorLoader } from "./tensor-loader.ts";
import type { PytorchContents } from "./zip-checkpoint.ts";

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

function checkPreamble(reader: ByteReader): void {
  if (unpickle(reader) !== MAGIC_NUMBER) {
    throw new CheckpointError(
      "checkpoint: the file is a pickle, but was not written by torch.save\n" +
        `Its first object is not PyTorch's magic number.\n${SAVE_AS_STATE_DICT}`,
    );
  }
  const version = unpickle(reader);
  if (version !== PROTOCOL_VERSION) {
    throw new CheckpointError(
      `checkpoint: the file's protocol version is not ${PROTOCOL_VERSION}\n${SAVE_AS_STATE_DICT}`,
    );
  }
  const system = unpickle(reader);
  if (system instanceof Map && system.get("little_endian") === false) {
    throw new CheckpointError(
      'checkpoint: the file\'s byte order is "big", only "little" is read\n' +
        "Save it again on a little-endian machine, or as safetensors.",
    );
  }
}

/** Reads the storages behind the pickles: their bytes by key, views of the file. */
function readStorages(
  reader: ByteReader,
  keys: PickleValue,
  described: ReadonlyMap<string, StorageRecord>,
): Map<string, Uint8Array<ArrayBuffer>> {
  const storages = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = typeof key === "string" ? described.get(key) : undefined;
    if (storage === undefined) {
      throw new CheckpointError(
        `checkpoint: storage ${quote(String(key))} is in the file, but no tensor describes it\n` +
          FILE_IS_DAMAGED,
      );
    }
    storages.set(storage.key, reader.take(reader.uint64() * bytesPerElement(storage.dtype)));
  }
  return storages;
}

/** @throws {CheckpointError} if the file is no legacy PyTorch file or its pickle is refused */
export function readLegacyCheckpoint(file: Uint8Array<ArrayBuffer>): PytorchContents {
  const reader = new ByteReader(file, "the file");
  checkPreamble(reader);
  const machine = new PickleMachine(reader, {});
  const root = machine.run();
  const storages = readStorages(reader, unpickle(reader), machine.storages);
  const source = ({ key }: StorageRecord) => {
    const bytes = storages.get(key);
    if (bytes !== undefined) return bytes;
    throw new CheckpointError(
      `checkpoint: storage ${quote(key)} is not in the file\n${FILE_IS_DAMAGED}`,
    );
  };
  return { root, loader: new TensorLoader(source, new ByteBudget(file.length)) };
}
