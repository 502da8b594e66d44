import { Detectors, LIST_FILE, readDetectorList, weightsFiles } from "@fauxgrad/detectors";
import type { Gpu } from "@fauxgrad/tensor";

/** Something that the visitor should read; its message suffices. */
export class PageError extends Error {
  override readonly name = "PageError";
}

/** How far some work is, in words and as a share. */
export interface PageProgress {
  readonly text: string;
  /** What changes often, and is not read out. */
  readonly detail: string;
  readonly done: number;
  readonly total: number;
}

const WEIGHTS = "weights/";
const MEGABYTE = 1e6;

/**
 * Loads the list of detectors and the weights of its defaults, which lie beside the page.
 *
 * @throws {PageError} if a file cannot be loaded
 * @throws {CheckpointError} if a file is not the one that the list names
 */
export async function loadDetectors(
  gpu: Gpu,
  onProgress: (progress: PageProgress) => void,
): Promise<Detectors> {
  onProgress({ text: "Loading the list of detectors", detail: "", done: 0, total: 1 });
  const listBytes = await download(`${WEIGHTS}${LIST_FILE}`, () => undefined);
  const { detectors, defaults } = readDetectorList(listBytes);
  const files = detectors.filter(({ name }) => defaults.includes(name)).flatMap(weightsFiles);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  let title = "";
  const tell = () =>
    onProgress({
      text: `Loading the weights of ${title}`,
      detail: `${megabytes(done)} of ${megabytes(total)} MB`,
      ...{ done, total },
    });
  const read = (name: string) =>
    name === LIST_FILE
      ? Promise.resolve(listBytes)
      : download(`${WEIGHTS}${name}`, (bytes) => {
          done += bytes;
          tell();
        });
  return Detectors.load(gpu, read, {
    onProgress: (progress) => {
      title = progress.title ?? title;
      tell();
    },
  });
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}

/** @param onBytes called with the length of each part that arrived */
async function download(
  path: string,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path).catch((cause: unknown) => {
    throw unreachable(path, String(cause));
  });
  if (!response.ok || response.body === null) {
    throw unreachable(path, `the server answered ${response.status}`);
  }
  const parts: Uint8Array[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw unreachable(path, String(cause));
    });
    if (done) break;
    parts.push(value);
    onBytes(value.length);
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function unreachable(path: string, reason: string): PageError {
  return new PageError(
    `${path} could not be loaded: ${reason}\nLook at the connection, and start again.`,
  );
}
