import { mkdir, rename, stat } from "node:fs/promises";
import path from "node:path";
import { listImages } from "../io/list-images.ts";
import { planOutputs } from "../io/output-paths.ts";
import { fileError } from "../session/files.ts";
import { note } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";
import { fingerprint } from "./step-records.ts";

/** A folder of images. */
export interface ImageFolder {
  readonly folder: string;
  readonly count: number;
  /** Of the names of its files. */
  readonly fingerprint: string;
}

/** The images below a folder; null if there is no such folder, or none in it. */
export async function lookInto(folder: string): Promise<ImageFolder | null> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return null;
  const { images } = await listImages([folder]);
  if (images.length === 0) return null;
  const names = fingerprint(images.map(({ relative }) => relative));
  return { folder, count: images.length, fingerprint: names };
}

/**
 * Moves away what was made of images that are gone by now: trainings and evaluations read the
 * folder whole.
 *
 * @param images what the folder is made of
 * @param made   the folder
 * @param aside  where the others go, at the same places
 * @throws {FileError} if the disk refuses
 */
export async function setAsideStale(
  { folder }: ImageFolder,
  made: string,
  aside: string,
): Promise<void> {
  const { images } = await listImages([folder]);
  const planned = await planOutputs(images, { out: made });
  const current = new Set(planned.map(({ output }) => path.resolve(output)));
  const stale = (await listImages([made])).images.filter(
    ({ file }) => !current.has(path.resolve(file)),
  );
  for (const { file, relative } of stale) {
    const target = path.join(aside, relative);
    try {
      await mkdir(path.dirname(target), { recursive: true });
      await rename(file, target);
    } catch (cause) {
      throw fileError("move away", file, cause);
    }
  }
  if (stale.length === 0) return;
  note(`  ${plural(stale.length, "file")} of images that are gone moved to ${aside}`);
}
