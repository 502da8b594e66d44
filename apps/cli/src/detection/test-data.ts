/*
 * The images that an evaluation is about: their files, labels and places in a table, from folders.
 */
import path from "node:path";
import {
  type Dataset,
  type DatasetGroup,
  type LabelledImage,
  realFakeSet,
  splitsOf,
  testSet,
  trainingSet,
} from "@fauxgrad/training";
import type { ImageError } from "../io/image-error.ts";
import { type ImageList, listImages } from "../io/list-images.ts";
import { CommandLineError } from "../terminal/errors.ts";

/** Which folders. */
export interface DataOptions {
  readonly data?: string;
  readonly real?: string;
  readonly fake?: string;
  /** Only these, in this order. */
  readonly generators?: readonly string[];
  /** Whether the images are gradients; by default their folders' names tell. */
  readonly gradients?: boolean;
}

/** An image of a data set, and its file. */
export interface TestImage extends LabelledImage {
  readonly file: string;
  /** Its place among the images of its class in its folder, from 0. */
  readonly place: number;
}

/** What was found. */
export interface TestData {
  readonly images: readonly TestImage[];
  readonly groups: readonly DatasetGroup[];
  readonly notices: readonly string[];
  /** What could not be listed. */
  readonly problems: readonly ImageError[];
  readonly isGradients: boolean;
}

/**
 * Finds a test set.
 *
 * @throws {CommandLineError} if the options do not say which folders, or only some of the images are
 *   gradients
 * @throws {ImageError} if a folder cannot be read or holds no image
 * @throws {RangeError} if there is no image in a folder of a class
 */
export async function findTestData(options: DataOptions): Promise<TestData> {
  const { data, real, fake, generators } = options;
  if (data !== undefined && real === undefined && fake === undefined) {
    const list = await listOf(data);
    const set = testSet([...list.files.keys()], generators === undefined ? {} : { generators });
    return found(set, list, options);
  }
  if (data !== undefined || real === undefined || fake === undefined) {
    throw new CommandLineError(
      "it is not clear which images to evaluate\n" +
        "Pass --data ROOT, a tree with folders of real and fake images; or --real DIR and --fake DIR.",
    );
  }
  const reals = await listOf(real, classFolder("real", real));
  const fakes = await listOf(fake, classFolder("fake", fake));
  const set = realFakeSet([...reals.files.keys()], [...fakes.files.keys()]);
  const files = new Map([...reals.files, ...fakes.files]);
  return found(set, { files, problems: [...reals.problems, ...fakes.problems] }, options);
}

/**
 * Finds a validation set: the folder `val` of a tree if it has one, or else all of it.
 *
 * @throws as {@link findTestData}
 */
export async function findValidationData(
  folder: string,
  options: Pick<DataOptions, "gradients">,
): Promise<TestData> {
  const list = await listOf(folder);
  const paths = [...list.files.keys()];
  if (splitsOf(paths).includes("val")) return found(trainingSet(paths, "val"), list, options);
  if (paths.some((each) => each.startsWith("test/"))) return found(testSet(paths), list, options);
  // Whatever is there: this is no table, in which a generator could be missing.
  const generators = [...new Set(paths.map((each) => each.split("/", 1)[0]!))].sort();
  return found(testSet(paths, { generators }), list, options);
}

interface Listed {
  /** By the path below the root, with "/". */
  readonly files: ReadonlyMap<string, string>;
  readonly problems: readonly ImageError[];
}

/** @param prefix of the paths, where several folders make one set */
async function listOf(folder: string, prefix = ""): Promise<Listed> {
  const { images, problems }: ImageList = await listImages([folder]);
  const [problem] = problems;
  if (images.length === 0 && problem !== undefined) throw problem;
  const files = images.map(
    ({ file, relative }) => [prefix + relative.split(path.sep).join("/"), file] as const,
  );
  return { files: new Map(files), problems };
}

/** The folder's own name says whether it holds gradients. */
function classFolder(label: "real" | "fake", folder: string): string {
  return /_grad$/i.test(path.basename(path.resolve(folder))) ? `${label}_grad/` : `${label}/`;
}

function found(
  { images, groups, notices }: Dataset,
  { files, problems }: Listed,
  { gradients }: Pick<DataOptions, "gradients">,
): TestData {
  const places = new Map<string, number>();
  const placed = images.map((image): TestImage => {
    const folder = `${image.group}/${image.category}/${image.label}`;
    const place = places.get(folder) ?? 0;
    places.set(folder, place + 1);
    return { ...image, file: files.get(image.path)!, place };
  });
  return {
    images: placed,
    groups,
    notices,
    problems,
    isGradients: gradients ?? areGradients(placed),
  };
}

function areGradients(images: readonly TestImage[]): boolean {
  const marked = images.filter(({ path: below }) =>
    below
      .split("/")
      .slice(0, -1)
      .some((folder) => /_grad$/i.test(folder)),
  );
  if (marked.length === 0 || marked.length === images.length) return marked.length > 0;
  throw new CommandLineError(
    `${marked.length} of ${images.length} images lie in folders that end in _grad, the others do not\n` +
      "Pass --gradients if all of them are gradients, --no-gradients if none is.",
  );
}
