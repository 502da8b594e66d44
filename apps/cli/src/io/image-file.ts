import { type FileHandle, open } from "node:fs/promises";
import { fileProblem, ImageError } from "./image-error.ts";
import { IMAGE_EXTENSIONS, type ImageFormat } from "./image-format.ts";

/**
 * Opens a regular file, uses it and closes it.
 *
 * @throws {ImageError} if it is missing, no regular file, or the system refuses to read it; what
 *   `use` throws otherwise comes through
 */
export async function withImageFile<T>(
  file: string,
  use: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r");
    const stat = await handle.stat();
    if (!stat.isFile()) throw notAFile(file, stat.isDirectory());
    return await use(handle, stat.size);
  } catch (cause) {
    throw isSystemError(cause) ? fileProblem(file, cause) : cause;
  } finally {
    await handle?.close();
  }
}

/** Up to `count` bytes from `position`, fewer where the file ends before. */
export async function readBytes(
  handle: FileHandle,
  position: number,
  count: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let filled = 0;
  while (filled < count) {
    const { bytesRead } = await handle.read(bytes, filled, count - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/**
 * Whether the container shows that its end is missing: a PNG without its last chunk, a WebP shorter
 * than it says. Decoders often report such a file as corrupt only.
 */
export function endsEarly(file: string, format: ImageFormat): Promise<boolean> {
  return withImageFile(file, async (handle, size) => {
    if (format === "png") {
      const tail = await readBytes(handle, Math.max(0, size - 12), 12);
      return String.fromCharCode(...tail) !== "\0\0\0\0IEND\xaeB`\x82";
    }
    if (format === "webp") {
      const head = await readBytes(handle, 0, 8);
      return size < 8 || new DataView(head.buffer).getUint32(4, true) + 8 > size;
    }
    return false;
  });
}

function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}

function notAFile(file: string, isFolder: boolean): ImageError {
  return new ImageError({
    file,
    problem: isFolder ? "it is a folder, not an image" : "it is not a regular file",
    remedy: `Name a file that ends in one of ${IMAGE_EXTENSIONS.join(" ")}.`,
  });
}
