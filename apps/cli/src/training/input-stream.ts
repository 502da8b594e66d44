/*
 * Batches of images, decoded in threads ahead of the training: while the device works on one, the
 * images of the next two are decoded, resized and waiting.
 */
import {
  classifierBatch,
  type Trainer,
  type TrainerRecipe,
  type TrainingRecipe,
  trainingInput,
  validationInput,
} from "@fauxgrad/lgrad";
import type { ImageBatch, RgbImage } from "@fauxgrad/models/transforms";
import type { Random } from "@fauxgrad/tensor";
import type { SampledBatch } from "@fauxgrad/training";
import {
  type DecodeAllOptions,
  type Decoded,
  type DecodePool,
  isDecoded,
} from "../io/decode-pool.ts";
import { ImageError } from "../io/image-error.ts";
import { FileError } from "../terminal/errors.ts";
import type { TrainingImage } from "./training-images.ts";
import type { LabelledBatch } from "./training-loop.ts";

/** What becomes of an image before a network sees it. */
export interface InputForm {
  /** How files are decoded. */
  readonly decode: Pick<DecodeAllOptions, "size" | "filter">;
  /** Images of a shorter side are left out, in pixels. */
  readonly smallest: number;
  /** @param random the image's own */
  train(image: RgbImage, random: Random): RgbImage;
  validate(image: RgbImage): RgbImage;
  batch(images: readonly RgbImage[]): ImageBatch;
}

/** Gradient images for LGrad's classifier. */
export function gradientForm(recipe: TrainingRecipe): InputForm {
  const size = { width: recipe.size, height: recipe.size };
  return {
    decode: { size, filter: "bilinear" },
    smallest: 1,
    train: (image, random) => trainingInput(image, random, recipe),
    validate: (image) => validationInput(image, recipe),
    batch: classifierBatch,
  };
}

/** Where batches come from. */
export interface InputOptions {
  readonly trainer: Trainer<TrainerRecipe>;
  readonly form: InputForm;
  readonly pool: DecodePool;
  readonly images: readonly TrainingImage[];
  /** Called for an image that cannot be read; the batch goes on without it. */
  readonly onSkipped: (message: string) => void;
}

/** Batches of the training from its present step on, to the end of the run. */
export async function* trainingBatches(options: InputOptions): AsyncGenerator<LabelledBatch> {
  const { trainer, images, form } = options;
  const { recipe, steps, stepsDone: first } = trainer;
  function* files(): Generator<string> {
    for (let step = first; step < steps; step += 1) {
      for (const index of trainer.batchAt(step).indices) yield images[index]!.file;
    }
  }
  const decoded = decode(options, files(), recipe.batchSize);
  try {
    for (let step = first; step < steps; step += 1) {
      const place: SampledBatch = trainer.batchAt(step);
      const of = [...place.indices].map((index) => images[index]!);
      const draw = (image: RgbImage, i: number) => form.train(image, trainer.randomOf(place, i));
      const { inputs, labels } = await collect(decoded, of, options.onSkipped, draw);
      yield { batch: form.batch(inputs), labels };
    }
  } finally {
    await decoded.return(undefined);
  }
}

/** Batches of a validation, in order. */
export async function* validationBatches(options: InputOptions): AsyncGenerator<LabelledBatch> {
  const { images, trainer, form } = options;
  const { microBatch } = trainer;
  const files = images.map(({ file }) => file);
  const decoded = decode(options, files, microBatch);
  const draw = (image: RgbImage) => form.validate(image);
  try {
    for (let begin = 0; begin < images.length; begin += microBatch) {
      const of = images.slice(begin, begin + microBatch);
      const { inputs, labels } = await collect(decoded, of, options.onSkipped, draw);
      yield { batch: form.batch(inputs), labels };
    }
  } finally {
    await decoded.return(undefined);
  }
}

async function* decode(
  { pool, form }: InputOptions,
  files: Iterable<string>,
  batchSize: number,
): AsyncGenerator<Decoded> {
  const { smallest } = form;
  for await (const next of pool.decode(files, { ...form.decode, prefetch: 2 * batchSize + 2 })) {
    yield isDecoded(next) && isSmaller(next.image, smallest) ? tooSmall(next, smallest) : next;
  }
}

function isSmaller({ width, height }: RgbImage, side: number): boolean {
  return Math.min(width, height) < side;
}

function tooSmall({ index, file, image }: Extract<Decoded, { image: RgbImage }>, side: number) {
  const { width, height } = image;
  const error = new ImageError({
    file,
    problem: `${width} x ${height} pixels, smaller than ${side} x ${side}`,
    remedy: "It is left out. Choose a network of a lower resolution to have it.",
  });
  return { index, file, error };
}

/** Images that were decoded, with the labels of those that could be. */
export interface CollectedImages {
  readonly inputs: readonly RgbImage[];
  readonly labels: readonly (0 | 1)[];
}

/**
 * The next images of a decoder.
 *
 * @param of the images that come next; those that cannot be read are left out
 * @param draw what becomes of an image, by its place
 * @throws {FileError} if none of them can be read
 */
export async function collect(
  decoded: AsyncGenerator<Decoded>,
  of: readonly TrainingImage[],
  onSkipped: (message: string) => void,
  draw: (image: RgbImage, place: number) => RgbImage = (image) => image,
): Promise<CollectedImages> {
  const inputs: RgbImage[] = [];
  const labels: (0 | 1)[] = [];
  for (const [i, { label }] of of.entries()) {
    const next = await decoded.next();
    if (next.done === true) throw new Error("input: the decoder ended early");
    if (isDecoded(next.value)) {
      inputs.push(draw(next.value.image, i));
      labels.push(label);
    } else onSkipped(next.value.error.message);
  }
  if (inputs.length === 0) {
    const [first] = of;
    throw new FileError(
      `none of the ${of.length} images of a batch can be read\n  first  ${first?.file}\n` +
        "Check the folder; --resume goes on once the files are back.",
    );
  }
  return { inputs, labels };
}
