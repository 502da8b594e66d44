/*
 * The images of the results: DIR/test/CLASS/PHOTO-REGION.webp. What a class is follows from its name.
 */
import path from "node:path";
import { listImages } from "../io/list-images.ts";
import { CommandLineError } from "../terminal/errors.ts";

/** Real photographs, what a GAN made of them, or what something that is no GAN made of them. */
export type ClassKind = "real" | "gan" | "control";

/** A class of images. */
export interface ResultClass {
  /** Of its folder. */
  readonly name: string;
  readonly kind: ClassKind;
}

/** One image. */
export interface ResultImage {
  readonly file: string;
  /** `real/004-0.webp` */
  readonly path: string;
  readonly className: string;
  /** `004`: all regions of a photograph, in all classes, have it. */
  readonly photo: string;
}

/** The test split. */
export interface ResultImages {
  /** The real ones first, then the source, other GANs and controls by name. */
  readonly classes: readonly ResultClass[];
  /** By class, then by name. */
  readonly images: readonly ResultImage[];
}

const REAL = "real";
const CONTROL = /^control-/;

/**
 * Finds the test images.
 *
 * @param data   holds `test`
 * @param source the class that detectors were trained on
 * @throws {CommandLineError} if a class is missing, or classes have not the same images: every fake
 *   must have its real twin
 */
export async function findResultImages(data: string, source: string): Promise<ResultImages> {
  const folder = path.join(data, "test");
  const { images: found, problems } = await listImages([folder]);
  const [problem] = problems;
  if (problem !== undefined) throw new CommandLineError(problem.message);
  const images = found.flatMap(({ file, relative }): ResultImage[] => {
    const [className = "", name, ...deeper] = relative.split(path.sep);
    if (name === undefined || deeper.length > 0) return [];
    return [{ file, path: `${className}/${name}`, className, photo: photoOf(name) }];
  });
  const names = new Set(images.map(({ className }) => className));
  const classes = [...names]
    .map((name): ResultClass => ({ name, kind: kindOf(name) }))
    .sort((a, b) => rankOf(a, source) - rankOf(b, source) || (a.name < b.name ? -1 : 1));
  for (const name of [REAL, source]) {
    if (names.has(name)) continue;
    throw new CommandLineError(
      `${folder} has no class ${name}\n  found  ${[...names].sort().join(", ") || "none"}\n` +
        "Name the folder of a set such as docs/data.md describes, or another --source.",
    );
  }
  checkTwins(folder, classes, images);
  const order = new Map(classes.map(({ name }, i) => [name, i]));
  const rank = ({ className }: ResultImage) => order.get(className) ?? 0;
  const sorted = images.toSorted((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  return { classes, images: sorted };
}

function kindOf(name: string): ClassKind {
  if (name === REAL) return "real";
  return CONTROL.test(name) ? "control" : "gan";
}

function rankOf({ name, kind }: ResultClass, source: string): number {
  return name === source ? 1 : { real: 0, gan: 2, control: 3 }[kind];
}

/** `004-0.webp` is a region of photo 004; a name without a number of a region is a photo itself. */
function photoOf(name: string): string {
  return path.parse(name).name.replace(/-\d+$/, "");
}

function checkTwins(
  folder: string,
  classes: readonly ResultClass[],
  images: readonly ResultImage[],
): void {
  const stems = (className: string) =>
    new Set(
      images.flatMap((image) =>
        image.className === className ? [path.posix.parse(image.path).name] : [],
      ),
    );
  const real = stems(REAL);
  for (const { name } of classes) {
    const own = stems(name);
    const other = [...real].find((stem) => !own.has(stem)) ?? [...own].find((s) => !real.has(s));
    if (other === undefined) continue;
    throw new CommandLineError(
      `${folder}: ${REAL} and ${name} do not have the same images, e.g. ${other}\n` +
        "Every fake needs its real twin under the same name: complete the folders.",
    );
  }
}
