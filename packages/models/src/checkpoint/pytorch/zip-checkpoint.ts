// torch.save since 1.6, and TorchScript: a ZIP archive with one folder, of any name.
//
//   archive/data.pkl        the pickle, whose tensors refer to storages by key
//   archive/data/KEY        the raw bytes of each storage
//   archive/byteorder       "little" or "big" (since 2.0; little before)
//   archive/constants.pkl   TorchScript only; archive/code/ beside it is not looked at

import { ByteBudget } from "../byte-budget.ts";
import { CheckpointError, quote } from "../errors.ts";
import { ByteReader } from "../pickle/byte-reader.ts";
import { unpickle } from "../pickle/unpickler.ts";
import type { PickleValue, StorageRecord } from "../pickle/values.ts";
import { ZipArchive } from "../zip.ts";
import { TensorLoader } from "./tensor-loader.ts";

/** What a PyTorch file of either format holds, its tensors still records. */
export interface PytorchContents {
  readonly root: PickleValue;
  readonly loader: TensorLoader;
}

const MOST_NAMES = 8;

/** The folder that holds `data.pkl`, with its slash. */
function findFolder(archive: ZipArchive): string {
  const names = archive.names;
  const found = names.filter((name) => /^([^/]*\/)?data\.pkl$/.test(name));
  const [name] = found;
  if (name !== undefined && found.length === 1) return name.slice(0, -"data.pkl".length);
  const listed = names.slice(0, MOST_NAMES).map((entry) => `\n  ${quote(entry)}`);
  const more = names.length > MOST_NAMES ? `\n  … ${names.length - MOST_NAMES} more` : "";
  throw new CheckpointError(
    `checkpoint: the ZIP archive holds ${found.length} files data.pkl, a PyTorch file has one` +
      `${listed.join("")}${more}\n` +
      "Unpack the archive and pass the checkpoint inside, " +
      "or save it again with PyTorch 1.6 or later.",
  );
}

function checkByteOrder(archive: ZipArchive, folder: string): void {
  const name = `${folder}byteorder`;
  if (!archive.has(name)) return;
  const order = new TextDecoder().decode(archive.read(name)).trim();
  if (order === "little") return;
  throw new CheckpointError(
    `checkpoint: the file's byte order is ${quote(order)}, only "little" is read\n` +
      "Save it again on a little-endian machine, or as safetensors.",
  );
}

/** @throws {CheckpointError} if the archive is no PyTorch file or its pickle is refused */
export function readZipCheckpoint(file: Uint8Array<ArrayBuffer>): PytorchContents {
  const budget = new ByteBudget(file.length);
  const archive = new ZipArchive(file, budget);
  const folder = findFolder(archive);
  checkByteOrder(archive, folder);
  const name = `${folder}data.pkl`;
  const scriptModules = archive.has(`${folder}constants.pkl`);
  const root = unpickle(new ByteReader(archive.read(name), quote(name)), { scriptModules });
  const source = ({ key }: StorageRecord) => archive.read(`${folder}data/${key}`);
  return { root, loader: new TensorLoader(source, budget) };
}
