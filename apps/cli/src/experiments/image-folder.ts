import { stat } from "node:fs/promises";
import { listImages } from "../io/list-images.ts";
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
