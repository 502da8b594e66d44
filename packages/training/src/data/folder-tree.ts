/*
 * A list of paths as a tree of folders, and the places in it where a folder holds images of both
 * classes: one folder for each class, 0_real and 1_fake, the same with `_grad`, real and fake, or 0
 * and 1. Of two folders with other names the alphabet tells which is which, as torchvision's
 * ImageFolder does it for the detectors' own code; there it does so whatever the names.
 */
import type { Label, LabelledImage } from "./labelled-image.ts";

/** A folder: what lies directly in it, and the folders below. */
export interface Folder {
  /** Paths as they were given. */
  readonly files: string[];
  readonly folders: Map<string, Folder>;
}

/** What {@link collectImages} found below a folder. */
export interface Collected {
  readonly images: readonly LabelledImage[];
  readonly notices: readonly string[];
}

/** Compares by code units: the same order on every machine. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The tree of the paths, which are separated by "/". */
export function folderTree(paths: readonly string[]): Folder {
  const root = emptyFolder();
  for (const path of paths) {
    const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
    segments.pop();
    let folder = root;
    for (const name of segments) {
      let below = folder.folders.get(name);
      if (below === undefined) {
        below = emptyFolder();
        folder.folders.set(name, below);
      }
      folder = below;
    }
    folder.files.push(path);
  }
  return root;
}

/** The folder of that name below another, or an empty one. */
export function folderAt(folder: Folder, name: string): Folder {
  return folder.folders.get(name) ?? emptyFolder();
}

/** Names of the folders directly below, sorted. */
export function folderNames(folder: Folder): string[] {
  return [...folder.folders.keys()].sort(byCodeUnits);
}

/** Whether a folder below is called as one of the two classes is. */
export function isNamedPair(folder: Folder): boolean {
  return folderNames(folder).some((name) => labelByName(name) !== null);
}

/**
 * Whether the folders below are the two classes: by their names, or else by their form, which is
 * two folders of any name with no classes below them.
 */
function isPair(folder: Folder): boolean {
  return isNamedPair(folder) || (folder.folders.size === 2 && !holdsPair(folder));
}

function holdsPair(folder: Folder): boolean {
  return [...folder.folders.values()].some((below) => isPair(below) || holdsPair(below));
}

/**
 * All images of a generator or class: of the folder itself if it holds the two classes, or else of
 * its categories.
 */
export function collectImages(folder: Folder, group: string): Collected {
  if (isPair(folder)) return labelPair(folder, group, null);
  const images: LabelledImage[] = [];
  const notices: string[] = [];
  for (const category of folderNames(folder)) {
    const below = folderAt(folder, category);
    if (isPair(below)) {
      const pair = labelPair(below, group, category);
      images.push(...pair.images);
      notices.push(...pair.notices);
    } else {
      notices.push(`${place(group, category)} is skipped: it has no folder of either class.`);
    }
  }
  const { files } = folder;
  if (files.length > 0) notices.push(skippedFiles(files.length, place(group, null)));
  return { images, notices };
}

function labelPair(folder: Folder, group: string, category: string | null): Collected {
  const where = place(group, category);
  const all = folderNames(folder);
  const named = all.filter((name) => labelByName(name) !== null);
  const names = named.length === 0 ? all : named;
  const notices: string[] = [];
  if (folder.files.length > 0) notices.push(skippedFiles(folder.files.length, where));
  for (const name of all) {
    if (!names.includes(name)) notices.push(`${where}/${name} is skipped: it is no class.`);
  }
  const labels = labelsOf(names);
  const [first, second] = names;
  const isAlphabet = labels[0] === 0 && labels[1] === 1;
  if (names.length === 2 && labels[0] !== labels[1]) {
    if (!isAlphabet) {
      notices.push(
        `${where}: "${second}" counts as real and "${first}" as fake, by their names; the ` +
          "detectors' own code goes by the alphabet.",
      );
    } else if (named.length === 0) {
      notices.push(
        `${where}: labels follow the alphabet, so "${first}" counts as real and "${second}" as ` +
          "fake. Rename the folders 0_real and 1_fake if that is wrong.",
      );
    }
  }
  const images = names.flatMap((name, i) =>
    labelled(folderAt(folder, name), { group, category, label: labels[i]! }),
  );
  for (const label of [0, 1] as const) {
    if (images.some((image) => image.label === label)) continue;
    notices.push(`${where} has no ${label === 0 ? "real" : "fake"} images.`);
  }
  return { images, notices };
}

/**
 * By their names where these tell, or else by their order. Names of a pair are all known or all
 * unknown.
 */
function labelsOf(names: readonly string[]): Label[] {
  const known = names.map(labelByName);
  // GenImage's; alone, either could be the name of anything.
  const isGenImage = /^ai(?:_grad)?,nature(?:_grad)?$/i.test(names.join(","));
  const byOrder = isGenImage ? ([1, 0] as const) : ([0, 1] as const);
  return known.map((label, i) => label ?? byOrder[i] ?? 1);
}

/** Every image below, whatever the folders between. */
function labelled(folder: Folder, as: Omit<LabelledImage, "path">): LabelledImage[] {
  const files = [...folder.files].sort(byCodeUnits).map((path) => ({ path, ...as }));
  const below = folderNames(folder).flatMap((name) => labelled(folderAt(folder, name), as));
  return [...files, ...below];
}

/** What a folder's name says about its images: 0_real, 1_fake_grad, real, fake, 0, 1; or null. */
export function labelByName(name: string): Label | null {
  const match = /^(?:(0|1)|(?:[01]_)?(?:(real)|(fake)))(?:_grad)?$/i.exec(name);
  if (match === null) return null;
  return match[1] === "1" || match[3] !== undefined ? 1 : 0;
}

function emptyFolder(): Folder {
  return { files: [], folders: new Map() };
}

function place(group: string, category: string | null): string {
  return [group, category].filter((name) => name !== null && name !== "").join("/") || "The folder";
}

function skippedFiles(count: number, where: string): string {
  return `${where}: ${count} file${count === 1 ? "" : "s"} beside the class folders skipped.`;
}
