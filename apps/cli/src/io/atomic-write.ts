/*
 * A file appears whole or not at all: the bytes go to a temporary name in the same folder, which is
 * then renamed. Temporary files that exist at any moment are listed here, and removed when the
 * process ends by Ctrl-C, by a signal or by an exit in the middle of a write.
 *
 * What this does not promise is that the bytes survive a power cut: that would take an fsync per
 * file, which doubles the time of a batch of small ones.
 */
import { unlinkSync } from "node:fs";
import { mkdir, open, rename, unlink } from "node:fs/promises";
import path from "node:path";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Temporary files that exist now. */
const unfinished = new Set<string>();
let serial = 0;

/**
 * Writes `bytes` to `file`, replacing what is there, and creates the folders above it.
 *
 * @throws the file system's error; then `file` is as it was, and no temporary file is left
 */
export async function writeFileAtomic(file: string, bytes: Uint8Array | string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  serial += 1;
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}-${serial}.tmp`);
  register(temporary);
  try {
    // "wx": never the file of somebody else, not even through a link.
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  } finally {
    unregister(temporary);
  }
}

/** Removes every temporary file now; for an owner of the process that handles signals itself. */
export function removeUnfinishedFiles(): void {
  for (const file of unfinished) {
    try {
      unlinkSync(file);
    } catch {
      // Renamed or never created: there is nothing left to remove.
    }
  }
  unfinished.clear();
}

function register(file: string): void {
  if (unfinished.size === 0) {
    process.on("exit", removeUnfinishedFiles);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  unfinished.add(file);
}

function unregister(file: string): void {
  unfinished.delete(file);
  if (unfinished.size > 0) return;
  process.off("exit", removeUnfinishedFiles);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/**
 * With a listener of ours Node no longer ends the process, so this does what would have happened:
 * the signal again, without a listener. Where the program listens too, ending is its decision, and
 * writes that finish meanwhile are welcome; "exit" removes the rest.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  removeUnfinishedFiles();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
