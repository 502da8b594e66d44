/*
 * A tree of images of any of these forms, with each image's label, split and generator; for tools
 * that lay a data set out anew or look at all of it. What layouts.ts reads, this reads too.
 *
 *     [<split>/][<generator>/[<category>/]]{0_real,1_fake}/…     a pair of classes
 *     [<name>/]<split>/{0,1}/…                                   T-GD
 *     [<split>/][<category>/]{real,<generator>,<generator>,…}/…  one real folder for all generators
 */
import { byCodeUnits, type Folder, folderNames, folderTree, labelByName } from "./folder-tree.ts";
import type { Label } from "./labelled-image.ts";
import type { Split } from "./layouts.ts";

/** An image of a tree. */
export interface TreeImage {
  /** As it was given. */
  readonly path: string;
  readonly label: Label;
  /** Null where the tree is not split. */
  readonly split: Split | null;
  /** The generator; "" where no folder names one; null for a real image that all of them share. */
  readonly group: string | null;
  /** The folders between the generator and the class, with "/"; "" for none. */
  readonly category: string;
  /** The path below the class folder. */
  readonly below: string;
}

/** What {@link labelTree} found. */
export interface LabelledTree {
  readonly images: readonly TreeImage[];
  /** Sentences: what is skipped or doubtful. */
  readonly notices: readonly string[];
}

/** Which folders are classes, where their names do not tell. */
export interface TreeOptions {
  /** Names of folders of real images. */
  readonly real?: readonly string[];
  /** Names of folders of fake images, each a generator of its own. */
  readonly fake?: readonly string[];
  /** Only these generators; shared real images stay. */
  readonly generators?: readonly string[];
}

const SPLIT_NAMES: Readonly<Record<string, Split>> = {
  train: "train",
  val: "val",
  validation: "val",
  test: "test",
};

interface Visit {
  readonly options: TreeOptions;
  readonly images: TreeImage[];
  readonly notices: string[];
}

/**
 * Labels the images of a tree by their folders.
 *
 * Folders that only hold folders called train, val (or validation) and test are splits; at the top
 * one such folder is enough. A folder of real images whose neighbours have other names is shared by
 * them: each of the others is a generator.
 *
 * @param paths relative to the root, separated by "/"; their order has no effect
 * @throws {RangeError} if no folder is a class, or a generator of `options` is not there
 */
export function labelTree(paths: readonly string[], options: TreeOptions = {}): LabelledTree {
  const tree = folderTree(paths);
  const visit: Visit = { options, images: [], notices: [] };
  visitFolder(visit, tree, { prefix: [], split: null });
  if (visit.images.length === 0) throw noClasses(tree);
  const { generators } = options;
  if (generators === undefined) return visit;
  const there = new Set(visit.images.map(({ group }) => group));
  const missing = generators.filter((name) => !there.has(name));
  if (missing.length > 0) {
    const names = [...there].filter((name) => name !== null && name !== "").sort();
    throw new RangeError(
      `labelTree: there is no generator ${missing.join(", ")}\n` +
        `  there  ${names.join(", ") || "none with a name"}\n` +
        "Name generators that are there, or none for all of them.",
    );
  }
  const images = visit.images.filter(({ group }) => group === null || generators.includes(group));
  return { images, notices: visit.notices };
}

interface Place {
  readonly prefix: readonly string[];
  readonly split: Split | null;
}

function visitFolder(visit: Visit, folder: Folder, place: Place): void {
  const names = folderNames(folder);
  if (place.split === null && holdsSplits(names, place)) {
    for (const name of names) {
      const split = SPLIT_NAMES[name];
      if (split === undefined) {
        visit.notices.push(`${name} is skipped: the folders beside it are splits.`);
      } else {
        visitFolder(visit, folder.folders.get(name)!, { ...place, split });
      }
    }
    return;
  }
  if (folder.files.length > 0) {
    const { length } = folder.files;
    visit.notices.push(
      `${nameOf(place)}: ${length} file${length === 1 ? "" : "s"} in no class folder skipped.`,
    );
  }
  if (names.some((name) => labelOf(visit.options, name) !== null)) {
    visitClasses(visit, folder, place);
    return;
  }
  for (const name of names) {
    const prefix = [...place.prefix, name];
    visitFolder(visit, folder.folders.get(name)!, { ...place, prefix });
  }
}

/** ForenSynths has a class called train: beside cars and horses it is no split. */
function holdsSplits(names: readonly string[], { prefix }: Place): boolean {
  const isSplit = (name: string) => Object.hasOwn(SPLIT_NAMES, name);
  return prefix.length === 0 ? names.some(isSplit) : names.length > 0 && names.every(isSplit);
}

function visitClasses(visit: Visit, folder: Folder, place: Place): void {
  const { options, notices } = visit;
  const names = folderNames(folder);
  const label = (name: string) => labelOf(options, name);
  const others = names.filter((name) => label(name) === null);
  const fakes = names.filter((name) => label(name) === 1);
  const named = fakes.some((name) => options.fake?.includes(name));
  const isShared = named || (fakes.length === 0 && others.length > 0 && options.fake === undefined);
  if (!isShared) {
    const [group = "", ...categories] = place.prefix;
    const category = categories.join("/");
    for (const name of names) {
      const as = label(name);
      if (as === null) notices.push(`${nameOf(place)}/${name} is skipped: it is no class.`);
      else take(visit, folder, name, { split: place.split, label: as, group, category });
    }
    return;
  }
  const category = place.prefix.join("/");
  for (const name of names) {
    const isReal = label(name) === 0;
    if (named && label(name) === null) {
      notices.push(`${nameOf(place)}/${name} is skipped: it is no class.`);
    } else {
      const group = isReal ? null : name;
      take(visit, folder, name, { split: place.split, label: isReal ? 0 : 1, group, category });
    }
  }
}

function take(
  { images }: Visit,
  folder: Folder,
  name: string,
  as: Omit<TreeImage, "path" | "below">,
): void {
  const add = (at: Folder, above: string): void => {
    for (const path of [...at.files].sort(byCodeUnits)) {
      images.push({ path, ...as, below: above + path.slice(path.lastIndexOf("/") + 1) });
    }
    for (const below of folderNames(at)) add(at.folders.get(below)!, `${above}${below}/`);
  };
  add(folder.folders.get(name)!, "");
}

function labelOf({ real, fake }: TreeOptions, name: string): Label | null {
  if (real?.includes(name)) return 0;
  if (fake?.includes(name)) return 1;
  return labelByName(name);
}

function nameOf({ prefix, split }: Place): string {
  return [...(split === null ? [] : [split]), ...prefix].join("/") || "The folder";
}

function noClasses(tree: Folder): RangeError {
  return new RangeError(
    "labelTree: no folder is called as a class is\n" +
      `  folders  ${folderNames(tree).join(", ") || "none"}\n` +
      "Call them 0_real and 1_fake, real and fake, or 0 and 1; or say which are real and fake.",
  );
}

/**
 * Each shared real image once for every generator that has fake ones beside it, in the same split
 * and category; all others as they are.
 */
export function withSharedReals<Image extends TreeImage>(
  images: readonly Image[],
): (Image & { readonly group: string })[] {
  const place = ({ split, category }: TreeImage) => `${split}\0${category}`;
  const generators = new Map<string, Set<string>>();
  for (const image of images) {
    if (image.group === null || image.label === 0) continue;
    const names = generators.get(place(image)) ?? new Set();
    generators.set(place(image), names.add(image.group));
  }
  return images.flatMap((image) => {
    const { group } = image;
    if (group !== null) return [{ ...image, group }];
    const names = [...(generators.get(place(image)) ?? [])].sort(byCodeUnits);
    return names.map((name) => ({ ...image, group: name }));
  });
}
