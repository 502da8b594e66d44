import { stat } from "node:fs/promises";
import path from "node:path";
import type { ImageError } from "../io/image-error.ts";
import { listImages } from "../io/list-images.ts";
import { type PlannedImage, planOutputs } from "../io/output-paths.ts";
import { CommandLineError } from "../terminal/errors.ts";

/** What {@link planTransform} goes by. */
export interface PlanOptions {
  readonly out: string;
  /** Do what is done already once more. */
  readonly overwrite?: boolean;
  /** LGrad's names: `folder_grad/name.png`. */
  readonly officialLayout?: boolean;
  /** The float gradient as well, beside each picture. */
  readonly raw?: boolean;
}

/** One image, the picture that will be made of it, and the file of its float gradient. */
export interface PlannedTransform extends PlannedImage {
  readonly rawOutput: string | null;
}

/** What there is to do. */
export interface TransformPlan {
  readonly work: readonly PlannedTransform[];
  /** Images whose outputs exist. */
  readonly done: readonly PlannedTransform[];
  /** Inputs that cannot be listed. */
  readonly problems: readonly ImageError[];
}

/**
 * Finds the images and says where each result goes; nothing is written.
 *
 * @throws {CollisionError} if two results would be one file, or a result would replace an input
 * @throws {CommandLineError} if the output folder is a file
 */
export async function planTransform(
  inputs: readonly string[],
  options: PlanOptions,
): Promise<TransformPlan> {
  const { out, overwrite = false, officialLayout = false, raw = false } = options;
  if (await isFile(out)) {
    throw new CommandLineError(`--out ${out} is a file\nName a folder; it need not exist.`);
  }
  const { images, problems } = await listImages(inputs, { exclude: out });
  const planned = await planOutputs(images, { out, officialLayout });
  const work: PlannedTransform[] = [];
  const done: PlannedTransform[] = [];
  for (const image of planned) {
    const rawOutput = raw ? rawPath(image.output) : null;
    const outputs = rawOutput === null ? [image.output] : [image.output, rawOutput];
    const exists = await Promise.all(outputs.map(isFile));
    const target = !overwrite && exists.every(Boolean) ? done : work;
    target.push({ ...image, rawOutput });
  }
  return { work, done, problems };
}

/** `out/cat.png` to `out/cat.safetensors` */
function rawPath(output: string): string {
  const { dir, name } = path.parse(output);
  return path.join(dir, `${name}.safetensors`);
}

/** Whether there is a regular file. */
export async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
