/*
 * The images of a training: found, told apart by their folders, and, where they are no gradient
 * images yet, made into such, once.
 */

import { createHash } from "node:crypto";
import path from "node:path";
import { type Dataset, randomFor, splitsOf, trainingSet } from "@fauxgrad/training";
import { writeFileAtomic } from "../io/atomic-write.ts";
import type { DecodePool } from "../io/decode-pool.ts";
import { listImages } from "../io/list-images.ts";
import { planOutputs } from "../io/output-paths.ts";
import { fileError, readTextIfAny } from "../session/files.ts";
import { checkNetwork, findNetwork, loadTransformer } from "../session/network.ts";
import type { GpuSession } from "../session/open-gpu.ts";
import { CommandLineError, FileError } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import { isFile } from "../transform/plan.ts";
import { transformImages } from "../transform/transform-images.ts";
import type { RunOptions, TransformChoice } from "./run-options.ts";

/** One image and its label. */
export interface TrainingImage {
  readonly file: string;
  /** Below the data's folder. */
  readonly relative: string;
  readonly label: 0 | 1;
}

/** The two parts; validation is empty where there is none. */
export interface TrainingImages {
  readonly train: readonly TrainingImage[];
  readonly val: readonly TrainingImage[];
}

/** Which images a training is of. */
export interface ImageChoice extends Pick<RunOptions, "data" | "classes" | "limit"> {
  readonly recipe: { readonly seed: number };
}

/**
 * Finds the images of both parts. A class that has no validation images is told and left out.
 *
 * @throws {RangeError} if there is no training part, or a class is not there
 * @throws {CommandLineError} if all images are of one label, or there are fewer than the limit
 */
export async function findImages({
  data,
  classes,
  limit,
  recipe,
}: ImageChoice): Promise<TrainingImages> {
  const { images, problems } = await listImages([data]);
  for (const problem of problems) note(problem.message);
  const paths = images.map(({ relative }) => relative.split(path.sep).join("/"));
  const files = new Map(paths.map((relative, i) => [relative, images[i]?.file ?? ""]));
  const options = classes === null ? {} : { classes };
  const load = (split: "train" | "val"): TrainingImage[] => {
    const set = trainingSet(paths, split, { ...options, lenient: split === "val" });
    for (const notice of set.notices) note(`${split}: ${notice}`);
    note(`${split}: ${countsOf(set) || "no images"}`);
    return set.images.map(({ path: relative, label }) => {
      return { file: files.get(relative) ?? relative, relative, label };
    });
  };
  const all = load("train");
  const train = limit === undefined ? all : limited(all, limit, recipe.seed);
  if (new Set(train.map(({ label }) => label)).size < 2) {
    throw new CommandLineError("the training images are all real or all fake\nAdd the others.");
  }
  const hasValidation = splitsOf(paths).includes("val");
  if (!hasValidation) note("There is no folder val: nothing is validated.");
  return { train, val: hasValidation ? load("val") : [] };
}

/**
 * So many images, half of them real, in their order. Which ones depends on their names and the seed
 * alone, and those of a smaller limit are among those of a larger one.
 */
export function limited(
  images: readonly TrainingImage[],
  limit: number,
  seed: number,
): TrainingImage[] {
  const chosen = new Set<TrainingImage>();
  for (const [label, count] of [
    [0, Math.ceil(limit / 2)],
    [1, Math.floor(limit / 2)],
  ] as const) {
    const drawn = images
      .filter((image) => image.label === label)
      .map((image) => ({ image, place: randomFor(seed, "limit", image.relative).uniform() }))
      .sort((a, b) => a.place - b.place);
    if (drawn.length < count) {
      throw new CommandLineError(
        `--limit ${limit}: there are ${drawn.length} ${label === 0 ? "real" : "fake"} images\n` +
          `Choose at most ${2 * drawn.length}.`,
      );
    }
    for (const { image } of drawn.slice(0, count)) chosen.add(image);
  }
  note(`train: ${plural(chosen.size, "image")} of them, by the seed`);
  return images.filter((image) => chosen.has(image));
}

function countsOf({ groups }: Dataset): string {
  return groups
    .map(({ name, real, fake }) => `${name || "images"} ${real} real, ${fake} fake`)
    .join("; ");
}

/** What makes two lists of images one: names, labels and their order. */
export function fingerprintOf(images: readonly TrainingImage[]): string {
  const hash = createHash("sha256");
  for (const { relative, label } of images) hash.update(`${label} ${relative}\n`);
  return hash.digest("hex");
}

/** Which networks have weights is known before a device is opened. */
export function checkTransform({ transform }: RunOptions): void {
  if (transform !== null) checkNetwork(transform.model, transform);
}

/**
 * The gradient images, made where they do not exist. Images of which none can be made are left
 * out, and told.
 */
export async function withGradients(
  images: TrainingImages,
  transform: TransformChoice,
  { session, pool }: { readonly session: GpuSession; readonly pool: DecodePool },
): Promise<TrainingImages> {
  await claimCache(transform);
  const all = [...images.train, ...images.val];
  const planned = await planOutputs(all, { out: transform.cache });
  const exists = await Promise.all(planned.map(({ output }) => isFile(output)));
  const work = planned
    .filter((_, i) => exists[i] !== true)
    .map((image) => ({ ...image, rawOutput: null }));
  const failed = new Set<string>();
  if (work.length > 0) {
    const network = await findNetwork(transform.model, transform);
    const source = loadTransformer(session.gpu, network);
    note(`${plural(work.length, "gradient image")} to make, by ${network.name}, ${network.origin}`);
    const progress = startProgress({ total: work.length, unit: "gradients" });
    try {
      await transformImages(work, {
        source,
        pool,
        batchSize: session.info.isSoftware ? 1 : 8,
        filter: source.filter,
        onOutcome: ({ image, error }) => {
          if (error !== null) {
            progress.note(`${error.message}\nIt is left out.`);
            failed.add(image.output);
          }
          progress.advance();
        },
        onSmallerBatch: (size, { message }) => progress.note(`${message}\nGoing on with ${size}.`),
        signal: interruption,
      });
    } finally {
      progress.stop();
      source.dispose();
    }
    // Its buffers are of sizes that the training has no use for.
    session.gpu.trim();
  }
  const outputs = new Map(all.map((image, i) => [image, planned[i]?.output ?? image.file]));
  const ready = (part: readonly TrainingImage[]) =>
    part.flatMap((image) => {
      const file = outputs.get(image) ?? image.file;
      return failed.has(file) ? [] : [{ ...image, file }];
    });
  return { train: ready(images.train), val: ready(images.val) };
}

/**
 * Notes in the cache which network its pictures are of.
 *
 * @throws {FileError} if they are of another
 */
async function claimCache({ cache, ...network }: TransformChoice): Promise<void> {
  const file = path.join(cache, "transform.json");
  const mine = `${JSON.stringify(network, null, 2)}\n`;
  const theirs = await readTextIfAny(file);
  if (theirs === mine) return;
  if (theirs !== null) {
    throw new FileError(
      `${cache} holds gradient images of another network\n` +
        `  there  ${theirs.replaceAll(/\s+/g, " ").trim()}\n  now    ${mine.replaceAll(/\s+/g, " ").trim()}\n` +
        "Choose another --cache, or remove that folder.",
    );
  }
  try {
    await writeFileAtomic(file, mine);
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}
