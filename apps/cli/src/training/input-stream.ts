/*
 * Batches of images, decoded in threads ahead of the training: while the device works on one, the
 * images of the next two are decoded, resized and waiting.
 */
import {
  type ClassifierBatch,
  classifierBatch,
  type Trainer,
  trainingInput,
  validationInput,
} from "@fauxgrad/lgrad";
import type { RgbImage } from "@fauxgrad/models/transforms";
import type { SampledBatch } from "@fauxgrad/training";
import { type Decoded, type DecodePool, isDecoded } from "../io/decode-pool.ts";
import { FileError } from "../terminal/errors.ts";
import type { TrainingImage } from "./training-images.ts";

/** Images and labels that belong together. */
export interface LabelledBatch {
  readonly batch: ClassifierBatch;
  readonly labels: readonly (0 | 1)[];
}

/** Where batches come from. */
export interface InputOptions {
  readonly trainer: Trainer;
  readonly pool: DecodePool;
  readonly images: readonly TrainingImage[];
  /** Called for an image that cannot be read; the batch goes on without it. */
  readonly onSkipped: (message: string) => void;
}

/** Batches of the training from its present step on, to the end of the run. */
export async function* trainingBatches(options: InputOptions): AsyncGenerator<LabelledBatch> {
  const { trainer, images } = options;
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
      const draw = (image: RgbImage, i: number) =>
        trainingInput(image, trainer.randomOf(place, i), recipe);
      yield await collect(decoded, of, draw, options.onSkipped);
    }
  } finally {
    await decoded.return(undefined);
  }
}

/** Batches of a validation, in order. */
export async function* validationBatches(options: InputOptions): AsyncGenerator<LabelledBatch> {
  const { images, trainer } = options;
  const { recipe, microBatch } = trainer;
  const files = images.map(({ file }) => file);
  const decoded = decode(options, files, microBatch);
  const draw = (image: RgbImage) => validationInput(image, recipe);
  try {
    for (let begin = 0; begin < images.length; begin += microBatch) {
      const of = images.slice(begin, begin + microBatch);
      yield await collect(decoded, of, draw, options.onSkipped);
    }
  } finally {
    await decoded.return(undefined);
  }
}

function decode(
  { pool, trainer: { recipe } }: InputOptions,
  files: Iterable<string>,
  batchSize: number,
): AsyncGenerator<Decoded> {
  const size = { width: recipe.size, height: recipe.size };
  return pool.decode(files, { size, filter: "bilinear", prefetch: 2 * batchSize + 2 });
}

async function collect(
  decoded: AsyncGenerator<Decoded>,
  of: readonly TrainingImage[],
  draw: (image: RgbImage, place: number) => RgbImage,
  onSkipped: (message: string) => void,
): Promise<LabelledBatch> {
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
  return { batch: classifierBatch(inputs), labels };
}
