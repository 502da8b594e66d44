// Files of weights, from wherever they lie, checked against the list.

import { CheckpointError, type HostTensor, readCheckpoint } from "@fauxgrad/models/checkpoint";
import type { ListedDetector, WeightsFile } from "./detector-list.ts";
import { fromPalettes } from "./palette.ts";

/** Reads a file of the bundle by its name: from a disk, a server, a page's cache. */
export type ReadFile = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The tensors of a listed file.
 *
 * @throws {CheckpointError} if the file is another than the list says, or no checkpoint
 */
export async function readWeights(
  read: ReadFile,
  { file, sha256, bytes }: WeightsFile,
): Promise<ReadonlyMap<string, HostTensor>> {
  const found = await read(file);
  const hash = await sha256Of(found);
  if (hash !== sha256) {
    throw new CheckpointError(
      `${file} is not the file that the list of detectors names\n` +
        `  list   ${bytes} bytes, sha256 ${sha256}\n` +
        `  found  ${found.length} bytes, sha256 ${hash}\n` +
        "Copy or download it again.",
    );
  }
  return fromPalettes(readCheckpoint(found).tensors);
}

/** The files that a detector consists of. */
export function weightsFiles(detector: ListedDetector): readonly WeightsFile[] {
  if (detector.kind === "spectrum") return [detector.coefficients];
  if (detector.kind === "lgrad") return [detector.transformation, detector.classifier];
  return [detector.classifier];
}

/** SHA-256 in hexadecimal digits. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
