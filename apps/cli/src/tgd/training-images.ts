/*
 * The images of a training of T-GD: `{train, val or validation}/{0,1}`, or a transfer's subset, which
 * is the two classes alone; and what validates it, of the target and of the source.
 */
import path from "node:path";
import { type Dataset, splitsOf, testSet, trainingSet } from "@fauxgrad/training";
import { listImages } from "../io/list-images.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { note } from "../terminal/output.ts";
import type { TrainingImage } from "../training/training-images.ts";
import type { TgdRun } from "./run-options.ts";

/** The parts; those that are not there are empty. */
export interface TgdImages {
  readonly train: readonly TrainingImage[];
  /** Of what is trained on. */
  readonly val: readonly TrainingImage[];
  /** Of the source, in a transfer. */
  readonly sourceVal: readonly TrainingImage[];
}

/**
 * Finds the images of all parts.
 *
 * @throws {RangeError} if there is no image in a folder of a class
 * @throws {CommandLineError} if the training images are all of one class
 */
export async function findTgdImages({ data, targetVal, sourceVal }: TgdRun): Promise<TgdImages> {
  const own = await foldersOf(data);
  const isSplit = splitsOf([...own.keys()]).includes("train");
  const train = labelled("train", isSplit ? split(own, "train") : whole(own), own);
  if (new Set(train.map(({ label }) => label)).size < 2) {
    throw new CommandLineError("the training images are all real or all fake\nAdd the others.");
  }
  const val = targetVal === null ? ownValidation(own) : await validationOf("val", targetVal);
  const source = sourceVal === null ? [] : await validationOf("source val", sourceVal);
  if (val.length === 0) note("There is no folder val: nothing is validated.");
  return { train, val, sourceVal: source };
}

type Files = ReadonlyMap<string, string>;

/** Files by their paths below a folder, with "/". */
async function foldersOf(folder: string): Promise<Files> {
  const { images, problems } = await listImages([folder]);
  for (const { message } of problems) note(message);
  return new Map(
    images.map(({ file, relative }) => [relative.split(path.sep).join("/"), file] as const),
  );
}

function split(files: Files, name: "train" | "val"): Dataset {
  return trainingSet([...files.keys()], name);
}

/** All there is, whatever its folders are called. */
function whole(files: Files): Dataset {
  const paths = [...files.keys()];
  const generators = [...new Set(paths.map((each) => each.split("/", 1)[0] ?? ""))].sort();
  return testSet(paths, { generators });
}

function ownValidation(files: Files): TrainingImage[] {
  const hasValidation = splitsOf([...files.keys()]).includes("val");
  return hasValidation ? labelled("val", split(files, "val"), files) : [];
}

async function validationOf(name: string, folder: string): Promise<TrainingImage[]> {
  const files = await foldersOf(folder);
  const hasValidation = splitsOf([...files.keys()]).includes("val");
  return labelled(name, hasValidation ? split(files, "val") : whole(files), files);
}

function labelled(name: string, { images, notices, groups }: Dataset, files: Files) {
  for (const notice of notices) note(`${name}: ${notice}`);
  const count = (label: "real" | "fake") => groups.reduce((sum, group) => sum + group[label], 0);
  note(`${name}: ${count("real")} real, ${count("fake")} fake`);
  return images.map(({ path: relative, label }): TrainingImage => {
    return { file: files.get(relative) ?? relative, relative, label };
  });
}
