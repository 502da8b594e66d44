// A trained network as a file.

import path from "node:path";
import { fromFloat32, writeSafetensors } from "@fauxgrad/models/checkpoint";
import type { Module } from "@fauxgrad/tensor/nn";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError } from "../session/files.ts";

/**
 * `model_epoch_last.safetensors`, the name of LGrad's own: a flat state dict with PyTorch's names.
 *
 * @param told what the file says of itself, in its metadata
 * @returns the file's path
 * @throws {FileError} if the disk refuses
 */
export async function writeModel(
  out: string,
  which: "last" | "best",
  network: Module,
  told: Readonly<Record<string, string | number>> = {},
): Promise<string> {
  const file = path.join(out, `model_epoch_${which}.safetensors`);
  const state = await network.stateDict();
  const tensors = [...state].map(
    ([name, value]) =>
      [name, value.dtype === "float32" ? fromFloat32(value.data, value.shape) : value] as const,
  );
  const metadata = new Map(Object.entries(told).map(([name, value]) => [name, String(value)]));
  try {
    await writeFileAtomic(file, new Uint8Array(writeSafetensors(new Map(tensors), metadata)));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
  return file;
}
