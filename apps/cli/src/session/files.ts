import { open, readFile, realpath } from "node:fs/promises";
import { FileError, systemCode } from "../terminal/errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EEXIST: "a file stands where a folder is needed",
};

/** A {@link FileError} for a file that the operating system refuses; anything else as it is. */
export function fileError(action: string, file: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code === null) return cause;
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : code);
  return new FileError(`cannot ${action} ${file}: ${reason}`, { cause });
}

/**
 * The whole file; unlike Node's `readFile`, also above 2 GiB.
 *
 * @param what `the weights`, for the message
 * @throws {FileError} if the system refuses
 */
export async function readWholeFile(file: string, what: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const length = Math.min(size - filled, 2 ** 30);
      const { bytesRead } = await handle.read(bytes, filled, length, filled);
      if (bytesRead === 0) throw new FileError(`cannot read ${what} ${file}: it became shorter`);
      filled += bytesRead;
    }
    return bytes;
  } catch (cause) {
    throw fileError(`read ${what}`, file, cause);
  }
}

/** Whether both paths lead to one file that exists. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((file) => realpath(file).catch(() => null)));
  return first !== null && first === second;
}

/** The text of a file; null if there is none. @throws {FileError} if the system refuses */
export async function readTextIfAny(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return null;
    throw fileError("read", file, cause);
  }
}

/**
 * A JSON file of our own; null if there is none.
 *
 * @param isOurs  whether it is what belongs there
 * @param problem what is said of any other content: `describes no training\nChoose another folder.`
 * @throws {FileError} if it is something else, or the system refuses
 */
export async function readOwnJson<T>(
  file: string,
  isOurs: (value: object) => value is T & object,
  problem: string,
): Promise<T | null> {
  const text = await readTextIfAny(file);
  if (text === null) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && isOurs(parsed)) return parsed;
  } catch {
    // Told below, as any other text that is not ours.
  }
  throw new FileError(`${file} ${problem}`);
}
