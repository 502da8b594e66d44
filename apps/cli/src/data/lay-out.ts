/*
 * A data set as a new folder, whole or not at all: files go below a temporary name beside it, the
 * manifest last, and then it is renamed.
 */
import { createHash } from "node:crypto";
import { constants, rmSync } from "node:fs";
import {
  copyFile,
  link as hardlink,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { fileError, readWholeFile } from "../session/files.ts";
import { CommandLineError, FileError, systemCode } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { startProgress } from "../terminal/progress.ts";

/** How files get into the new folder. */
export type LinkKind = "copy" | "hardlink" | "symlink";

/** One file of the manifest. */
export interface ManifestEntry {
  /** Below the new folder, with "/". */
  readonly file: string;
  /** Below the source, with "/". */
  readonly source: string;
  readonly split: string | null;
  readonly label: 0 | 1;
  readonly generator: string;
  readonly category: string;
  /** Of the file's bytes, in hexadecimal. */
  readonly sha256: string;
}

/** A file to be laid out. */
export interface PlacedFile extends Omit<ManifestEntry, "sha256"> {
  /** The source's path. */
  readonly from: string;
}

/** The file beside the folders that says what is where. */
export const MANIFEST = "manifest.json";

/**
 * Refuses an output that is there: nothing is overwritten.
 *
 * @throws {CommandLineError} if it is no empty folder
 */
export async function checkNewFolder(out: string): Promise<void> {
  try {
    if ((await readdir(out)).length === 0) return;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return;
    if (systemCode(cause) !== "ENOTDIR") throw fileError("look into", out, cause);
  }
  throw new CommandLineError(
    `--out: ${out} exists already\nNothing was done. Name a new folder, or remove that one.`,
  );
}

/**
 * Makes the folder and its manifest.
 *
 * @param files  at least one
 * @param header what the manifest says before its list of files
 * @throws {RangeError} if two files have one place
 * @throws {FileError} if the system refuses; then nothing is there
 * @throws {Interrupted} likewise
 */
export async function layOut(
  files: readonly PlacedFile[],
  {
    out,
    link,
    header,
  }: {
    readonly out: string;
    readonly link: LinkKind;
    readonly header: Readonly<Record<string, unknown>>;
  },
): Promise<ManifestEntry[]> {
  checkPlaces(files);
  return makeFolder(out, header, async (temporary) => {
    const entries = await fill(temporary, files, link);
    return { entries, result: entries };
  });
}

/**
 * Makes a folder with a manifest, whole or not at all: below a temporary name beside it, which is
 * renamed at the end.
 *
 * @param header what the manifest says before its list of files
 * @param fill writes below the temporary name, and tells the manifest's list
 * @throws {FileError} if the system refuses; then nothing is there
 * @throws what `fill` throws; likewise
 */
export async function makeFolder<T>(
  out: string,
  header: Readonly<Record<string, unknown>>,
  fill: (temporary: string) => Promise<{ readonly entries: readonly object[]; readonly result: T }>,
): Promise<T> {
  const target = path.resolve(out);
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  process.on("exit", remove);
  try {
    const { entries, result } = await fill(temporary);
    const manifest = { ...header, files: entries };
    await writeFile(path.join(temporary, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
    await rmdir(target).catch((cause: unknown) => {
      if (systemCode(cause) !== "ENOENT") throw cause;
    });
    await rename(temporary, target);
    return result;
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    throw fileError("make", out, cause);
  } finally {
    process.off("exit", remove);
  }
}

/** Letters of either case are one on macOS and Windows. */
function checkPlaces(files: readonly PlacedFile[]): void {
  const places = new Map<string, PlacedFile>();
  for (const each of files) {
    const key = each.file.normalize("NFC").toLowerCase();
    const rival = places.get(key);
    if (rival !== undefined) {
      throw new RangeError(
        `data: two files would have one place, ${each.file}\n` +
          `  ${rival.source}\n  ${each.source}\nRename one of them.`,
      );
    }
    places.set(key, each);
  }
}

async function fill(
  folder: string,
  files: readonly PlacedFile[],
  link: LinkKind,
): Promise<ManifestEntry[]> {
  const made = new Set<string>();
  const hashes = new Map<string, string>();
  const entries: ManifestEntry[] = [];
  const progress = startProgress({ total: files.length, unit: "files" });
  try {
    for (const { from, ...entry } of files) {
      interruption.throwIfAborted();
      const to = path.join(folder, ...entry.file.split("/"));
      const parent = path.dirname(to);
      if (!made.has(parent)) await mkdir(parent, { recursive: true });
      made.add(parent);
      const sha256 = hashes.get(from) ?? (await hashFile(from));
      hashes.set(from, sha256);
      await put(from, to, link);
      entries.push({ ...entry, sha256 });
      progress.advance();
    }
  } finally {
    progress.stop();
  }
  return entries;
}

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function hashFile(file: string): Promise<string> {
  return hashBytes(await readWholeFile(file, "the image"));
}

/** SHA-256 in hexadecimal. */
export function hashBytes(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

async function put(from: string, to: string, link: LinkKind): Promise<void> {
  if (link === "copy") {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return;
  }
  // A link of a link would break with it.
  const source = await realpath(from);
  if (link === "symlink") {
    await symlink(source, to);
    return;
  }
  try {
    await hardlink(source, to);
  } catch (cause) {
    if (systemCode(cause) !== "EXDEV") throw cause;
    throw new FileError(
      `cannot hardlink ${from}: --out is on another file system\n` +
        "Pass --link copy or --link symlink.",
      { cause },
    );
  }
}
