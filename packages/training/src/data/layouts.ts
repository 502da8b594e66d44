/*
 * The data sets' layouts, as functions of a list of paths: whoever calls lists the files.
 *
 *     test/<generator>/[<category>/]{0_real,1_fake}/…      ForenSynths (CNNDetection, LGrad)
 *     {train,val}/<class>/{0_real,1_fake}/…
 *     {train,val or validation,test}/{0,1}/…               T-GD
 *
 * Gradient trees have the same form, the class folders with the suffix `_grad`.
 */
import {
  byCodeUnits,
  collectImages,
  type Folder,
  folderAt,
  folderNames,
  folderTree,
  isNamedPair,
} from "./folder-tree.ts";
import { type Dataset, datasetOf, type LabelledImage } from "./labelled-image.ts";

/** The generators of LGrad's tables, in the order of evaluation. */
export const LGRAD_GENERATORS: readonly string[] = [
  "progan",
  "stylegan",
  "stylegan2",
  "biggan",
  "cyclegan",
  "stargan",
  "gaugan",
  "deepfake",
];

/** The classes of ForenSynths' training set. */
export const FOREN_SYNTHS_CLASSES: readonly string[] = [
  "airplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "diningtable",
  "dog",
  "horse",
  "motorbike",
  "person",
  "pottedplant",
  "sheep",
  "sofa",
  "train",
  "tvmonitor",
];

/**
 * A test set of generators, with or without category folders: those of LGrad's tables first and in
 * their order, then all others by name. A generator of the tables that is not there is a notice.
 *
 * @param paths relative to the root or to its `test` folder, separated by "/"
 * @param options.generators only these, in this order
 * @throws {RangeError} if there is no image in a folder of a class
 */
export function testSet(
  paths: readonly string[],
  options: { readonly generators?: readonly string[] } = {},
): Dataset {
  const tree = folderTree(paths);
  const root = tree.folders.has("test") ? folderAt(tree, "test") : tree;
  const wanted = options.generators ?? LGRAD_GENERATORS;
  const present = isNamedPair(root) ? [] : folderNames(root);
  const others = options.generators ? [] : present.filter((name) => !wanted.includes(name));
  const found = [...wanted.filter((name) => present.includes(name)), ...others];
  const collected = isNamedPair(root)
    ? [collectImages(root, "")]
    : found.map((name) => collectImages(folderAt(root, name), name));
  const images = collected.flatMap((each) => each.images);
  if (images.length === 0) throw noImages("testSet", root);
  const missing = isNamedPair(root) ? [] : wanted.filter((name) => !present.includes(name));
  const notices = missing.length === 0 ? [] : [`Not there, and left out: ${missing.join(", ")}.`];
  return datasetOf(images, [...notices, ...collected.flatMap((each) => each.notices)]);
}

/**
 * A test set of two folders, whatever their names and whatever lies below them.
 *
 * @param real paths of the real images
 * @param fake paths of the fake ones
 * @param name of the group, e.g. the generator
 */
export function realFakeSet(
  real: readonly string[],
  fake: readonly string[],
  name = "images",
): Dataset {
  const labelled = (paths: readonly string[], label: 0 | 1): LabelledImage[] =>
    [...paths].sort(byCodeUnits).map((path) => ({ path, label, group: name, category: null }));
  const notices = [
    ...(real.length === 0 ? [`${name} has no real images.`] : []),
    ...(fake.length === 0 ? [`${name} has no fake images.`] : []),
  ];
  return datasetOf([...labelled(real, 0), ...labelled(fake, 1)], notices);
}

/** A part of a data set. */
export type Split = "train" | "val" | "test";

const SPLIT_FOLDERS: Readonly<Record<Split, readonly string[]>> = {
  train: ["train"],
  val: ["val", "validation"],
  test: ["test"],
};

/** The parts of a data set that are there. */
export function splitsOf(paths: readonly string[]): Split[] {
  const tree = folderTree(paths);
  return (["train", "val", "test"] as const).filter((split) =>
    SPLIT_FOLDERS[split].some((name) => tree.folders.has(name)),
  );
}

/**
 * The training or validation part of a data set: the folders of its classes, or the two class
 * folders directly.
 *
 * @param paths relative to the root, separated by "/"
 * @param split `val` also finds a folder called `validation`
 * @param options.classes only these, in this order
 * @param options.lenient a class that is not there is a notice, and the part may be empty: a
 * validation can do without
 * @throws {RangeError} if the part or a class is not there, or there is no image in a folder of a
 * class
 */
export function trainingSet(
  paths: readonly string[],
  split: Split,
  options: { readonly classes?: readonly string[]; readonly lenient?: boolean } = {},
): Dataset {
  const { lenient = false } = options;
  const root = splitFolder(folderTree(paths), split);
  const present = isNamedPair(root) ? [""] : folderNames(root);
  const wanted = options.classes ?? present;
  const missing = wanted.filter((name) => !present.includes(name));
  if (missing.length > 0 && !lenient) {
    throw new RangeError(
      `trainingSet: ${split} has no folder for ${missing.join(", ")}\n` +
        `  there  ${present.join(", ") || "no folders of classes"}\n` +
        "Name classes that are there, or none for all of them.",
    );
  }
  const collected = wanted
    .filter((name) => present.includes(name))
    .map((name) => collectImages(name === "" ? root : folderAt(root, name), name));
  const images = collected.flatMap((each) => each.images);
  if (images.length === 0 && !lenient) throw noImages("trainingSet", root);
  const notices = missing.length === 0 ? [] : [`Not there, and left out: ${missing.join(", ")}.`];
  return datasetOf(images, [...notices, ...collected.flatMap((each) => each.notices)]);
}

function splitFolder(tree: Folder, split: Split): Folder {
  const names = SPLIT_FOLDERS[split];
  const name = names.find((each) => tree.folders.has(each));
  if (name !== undefined) return folderAt(tree, name);
  throw new RangeError(
    `trainingSet: there is no folder ${names.join(" or ")}\n` +
      `  there  ${folderNames(tree).join(", ") || "none"}\n` +
      "Pass the folder that holds train and val.",
  );
}

function noImages(operation: string, folder: Folder): RangeError {
  return new RangeError(
    `${operation}: there is no image in a folder of real or fake ones\n` +
      `  folders  ${folderNames(folder).join(", ") || "none"}\n` +
      "Expected <name>/[<category>/]0_real and 1_fake; or name two folders, real and fake.",
  );
}
