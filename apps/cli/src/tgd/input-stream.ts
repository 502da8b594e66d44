/*
 * Batches for T-GD. Blur and JPEG of an image take longer than decoding it: the threads that decode do
 * them, by what the trainer draws for the image's place in the run.
 */
import { imageBatch } from "@fauxgrad/models/transforms";
import { drawAugmentation, normalizationOf, type TgdTrainer } from "@fauxgrad/tgd";
import type { Augmentation } from "../io/decode-messages.ts";
import type { DecodePool } from "../io/decode-pool.ts";
import { collect } from "../training/input-stream.ts";
import type { TrainingImage } from "../training/training-images.ts";
import type { LabelledBatch } from "../training/training-loop.ts";

/** Where batches come from. */
export interface TgdInput {
  readonly trainer: TgdTrainer;
  readonly pool: DecodePool;
  readonly images: readonly TrainingImage[];
  /** Called for an image that cannot be read; the batch goes on without it. */
  readonly onSkipped: (message: string) => void;
}

/** Batches of the training from its present step on, to the end of the run. */
export async function* trainingBatches(input: TgdInput): AsyncGenerator<LabelledBatch> {
  const { trainer, pool, images, onSkipped } = input;
  const { recipe, steps, stepsDone: first } = trainer;
  const { augmentation } = recipe;
  const jobs: Augmentation[] = [];
  // Decoders ask for files in order: a file's augmentation is drawn as the file is named.
  function* files(): Generator<string> {
    for (let step = first; step < steps; step += 1) {
      const place = trainer.batchAt(step);
      for (const [i, index] of place.indices.entries()) {
        const plan = drawAugmentation(augmentation, trainer.randomOf(place, i));
        jobs.push({ plan, geometry: augmentation });
        yield images[index]!.file;
      }
    }
  }
  const decoded = pool.decode(files(), {
    prefetch: 2 * recipe.batchSize + 2,
    augment: () => jobs.shift()!,
  });
  try {
    for (let step = first; step < steps; step += 1) {
      const of = [...trainer.batchAt(step).indices].map((index) => images[index]!);
      const { inputs, labels } = await collect(decoded, of, onSkipped);
      yield { batch: imageBatch(inputs, normalizationOf(augmentation)), labels };
    }
  } finally {
    await decoded.return(undefined);
  }
}

/** Batches of a validation, in order: resized and normalised. */
export async function* validationBatches(input: TgdInput): AsyncGenerator<LabelledBatch> {
  const { trainer, pool, images, onSkipped } = input;
  const { recipe, microBatch } = trainer;
  const { augmentation } = recipe;
  const size = { width: augmentation.size, height: augmentation.size };
  const files = images.map(({ file }) => file);
  const decoded = pool.decode(files, { size, filter: "bilinear", prefetch: 2 * microBatch + 2 });
  try {
    for (let begin = 0; begin < images.length; begin += microBatch) {
      const of = images.slice(begin, begin + microBatch);
      const { inputs, labels } = await collect(decoded, of, onSkipped);
      yield { batch: imageBatch(inputs, normalizationOf(augmentation)), labels };
    }
  } finally {
    await decoded.return(undefined);
  }
}
