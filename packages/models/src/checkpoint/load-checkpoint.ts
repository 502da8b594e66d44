// One entry for every format. The format is told from the first bytes, never from a file's name.

import { CheckpointError, quote } from "./errors.ts";
import type { HostTensor } from "./host-tensor.ts";
import type { PickleValue } from "./pickle/values.ts";
import { readLegacyCheckpoint } from "./pytorch/legacy-checkpoint.ts";
import { flattenScriptModule, isScriptModule } from "./pytorch/script-module.ts";
import { type PytorchContents, readZipCheckpoint } from "./pytorch/zip-checkpoint.ts";
import { looksLikeSafetensors, readSafetensors } from "./safetensors.ts";
import { findStateDict, scalarsOf } from "./sections.ts";

/** How a checkpoint was stored. */
export type CheckpointFormat = "safetensors" | "pytorch-zip" | "pytorch-legacy" | "torchscript";

/** A file's weights by their names in PyTorch. */
export interface Checkpoint {
  readonly format: CheckpointFormat;
  /** In PyTorch's shapes and the file's order; views of the file wherever possible. */
  readonly tensors: Map<string, HostTensor>;
  /** safetensors' metadata, or the scalars that a training script saved beside the weights. */
  readonly metadata: Map<string, string>;
  /** The section that was read, keys joined by dots; empty for the top level. */
  readonly section: string;
}

export interface ReadCheckpointOptions {
  /**
   * Which of several networks to read: the keys that lead to it, joined by dots, or the last of
   * them. In a flat file, the prefix of its names: `"visual"` reads `visual.conv1.weight` as
   * `conv1.weight`.
   */
  readonly section?: string;
}

/** First bytes of files that are often passed by mistake, as Latin-1. */
const MISTAKES: readonly (readonly [string, string])[] = [
  ["<", "an HTML or XML page, as a failed download leaves behind: download the file again"],
  ["version https://git-lfs", "a Git LFS pointer: fetch the file itself with git lfs pull"],
  ["\x1f\x8b", "compressed with gzip: unpack it first"],
  ["\x89HDF", "HDF5 (Keras): convert it to safetensors"],
];

function describeUnknown(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 32)).trimStart();
  const mistake = MISTAKES.find(([magic]) => start.startsWith(magic));
  if (mistake !== undefined) return `It is ${mistake[1]}.`;
  return "Pass a safetensors file, or a .pth or .pt file written by torch.save or torch.jit.save.";
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

/** Names that DataParallel and torch.compile put in front of every key. */
const WRAPPER_PREFIXES = ["module.", "_orig_mod."];
/** A compiled, distributed, averaged module has three. */
const MOST_WRAPPERS = 4;

/** The same tensors without `prefix`, or null unless every name begins with it. */
function withoutPrefix<T>(tensors: ReadonlyMap<string, T>, prefix: string): Map<string, T> | null {
  const stripped = new Map<string, T>();
  for (const [name, tensor] of tensors) {
    if (!name.startsWith(prefix)) return null;
    stripped.set(name.slice(prefix.length), tensor);
  }
  return stripped.size > 0 ? stripped : null;
}

function stripWrappers<T>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  let named = tensors;
  for (let layer = 0; layer < MOST_WRAPPERS; layer++) {
    const stripped = WRAPPER_PREFIXES.map((prefix) => withoutPrefix(named, prefix));
    named = stripped.find((map) => map !== null) ?? named;
  }
  return named;
}

/** The part of a flat file whose names begin with `section` and a dot. */
function selectPrefix<T>(tensors: ReadonlyMap<string, T>, section: string): ReadonlyMap<string, T> {
  const inside = new Map([...tensors].filter(([name]) => name.startsWith(`${section}.`)));
  const stripped = withoutPrefix(inside, `${section}.`);
  if (stripped !== null) return stripped;
  const prefixes = new Set([...tensors.keys()].map((name) => name.split(".", 1)[0] ?? ""));
  const listed = [...prefixes].slice(0, 12).map(quote).join(", ");
  throw new CheckpointError(
    `checkpoint: no name in the file begins with ${quote(`${section}.`)}\n` +
      `  the names begin with ${listed}${prefixes.size > 12 ? ", …" : ""}\n` +
      "Name one of these as the section, or none.",
  );
}

/** The records to load, and the section they are in. */
function selectRecords(root: PickleValue, wanted: string | null) {
  const { section, tensors, isNamed } = isScriptModule(root)
    ? { section: "", tensors: flattenScriptModule(root), isNamed: false }
    : findStateDict(root, wanted);
  const named = stripWrappers(tensors);
  if (wanted === null || isNamed) return { section, tensors: named };
  const path = section === "" ? wanted : `${section}.${wanted}`;
  return { section: path, tensors: selectPrefix(named, wanted) };
}

function loadPytorch(
  contents: PytorchContents,
  format: "pytorch-zip" | "pytorch-legacy",
  section: string | null,
): Checkpoint {
  const { root, loader } = contents;
  const selected = selectRecords(root, section);
  const tensors = new Map<string, HostTensor>();
  for (const [name, record] of selected.tensors) tensors.set(name, loader.load(name, record));
  return {
    format: isScriptModule(root) ? "torchscript" : format,
    tensors,
    metadata: scalarsOf(root),
    section: selected.section,
  };
}

function loadSafetensors(bytes: Uint8Array<ArrayBuffer>, section: string | null): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  const named = stripWrappers(tensors);
  const selected = section === null || section === "." ? named : selectPrefix(named, section);
  return { format: "safetensors", tensors: new Map(selected), metadata, section: section ?? "" };
}

/**
 * Reads a checkpoint: safetensors, PyTorch's ZIP and legacy formats, or a TorchScript archive.
 *
 * Nested state dicts are found (see {@link ReadCheckpointOptions.section}) and the `module.` prefix
 * of DataParallel is removed. Nothing in the file is executed.
 *
 * @param file the whole file; keep it unchanged as long as the tensors are used
 * @throws {CheckpointError} if the file is none of these, is damaged, holds what a checkpoint need
 *   not hold, or holds several networks and none was chosen
 */
export function readCheckpoint(
  file: ArrayBuffer | Uint8Array<ArrayBuffer>,
  { section }: ReadCheckpointOptions = {},
): Checkpoint {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  // First, for its header's length may begin with the bytes of the others' magic numbers.
  if (looksLikeSafetensors(bytes)) return loadSafetensors(bytes, section ?? null);
  if (startsWith(bytes, 0x50, 0x4b)) {
    return loadPytorch(readZipCheckpoint(bytes), "pytorch-zip", section ?? null);
  }
  if (startsWith(bytes, 0x80)) {
    return loadPytorch(readLegacyCheckpoint(bytes), "pytorch-legacy", section ?? null);
  }
  const start = quote(String.fromCharCode(...bytes.subarray(0, 16)));
  throw new CheckpointError(
    "checkpoint: the file is in no format that is read here\n" +
      `  ${bytes.length} bytes, beginning ${start}\n` +
      describeUnknown(bytes),
  );
}
