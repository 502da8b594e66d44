/*
 * Test images to predictions: original images through a detector, or gradient images through a
 * classifier alone.
 */
import { type GradientScore, loadClassifier, scoreGradients } from "@fauxgrad/lgrad";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { DecodePool } from "../io/decode-pool.ts";
import { deviceLine, openGpu } from "../session/open-gpu.ts";
import { interruption } from "../terminal/interrupt.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import {
  batchSizeOf,
  type DetectorCommandOptions,
  openDetector,
  readClassifier,
} from "./detector-options.ts";
import type { FilePrediction } from "./evaluation.ts";
import { type JudgeOptions, judgeImages } from "./judge-images.ts";
import { type PerturbOptions, perturbImage } from "./perturb-images.ts";
import { type ScoreLog, stampOf } from "./score-log.ts";
import type { TestData, TestImage } from "./test-data.ts";

/** Networks on a device that give a logit for an image. */
export interface Scorer {
  /** `stylegan, 256 x 256, weights of S.pth`; null for gradient images, which need none. */
  readonly transformation: string | null;
  readonly device: string;
  readonly batchSize: number;
  /** Side that images are resized to; null if they are taken as they are, as gradients are. */
  readonly side: number | null;
  score(images: readonly RgbImage[]): Promise<readonly GradientScore[]>;
  close(): void;
}

/** Opens the device with what the images need. */
export async function openScorer(
  options: DetectorCommandOptions,
  isGradients: boolean,
): Promise<Scorer> {
  if (isGradients) return openGradientScorer(options);
  const { detector, close, ...facts } = await openDetector(options);
  return {
    ...facts,
    side: options.sizes === "resize" ? detector.transformer.size : null,
    score: (images) => detector.detectBatch(images),
    close,
  };
}

async function openGradientScorer(options: DetectorCommandOptions): Promise<Scorer> {
  const session = await openGpu(options);
  const classifier = loadClassifier(session.gpu, await readClassifier(options));
  return {
    transformation: null,
    device: deviceLine(session.info),
    batchSize: batchSizeOf(options, session),
    side: options.size ?? null,
    score: (images) => scoreGradients(session.gpu, classifier, images, options.channelOrder),
    close: () => {
      classifier.dispose();
      session.close();
    },
  };
}

/** A file that could not be judged. */
export interface FileFailure {
  readonly file: string;
  readonly error: string;
}

/** What became of a test set. */
export interface Scored {
  readonly predictions: readonly FilePrediction[];
  readonly failures: readonly FileFailure[];
}

/** How {@link scoreTestData} goes through the images. */
export interface ScoreOptions {
  readonly scorer: Scorer;
  readonly pool: JudgeOptions<GradientScore>["pool"];
  readonly resize: DetectorCommandOptions["resize"];
  readonly maxPixels?: number;
  readonly perturb: PerturbOptions | null;
  /** Scores of an earlier run, and where those of this one go; null to keep none. */
  readonly log: ScoreLog | null;
  /** Which part of the log. */
  readonly set: "test" | "validation";
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Judges every image that no earlier run did; files that cannot be used are told and left out. */
export async function scoreTestData(
  { images, problems }: TestData,
  options: ScoreOptions,
): Promise<Scored> {
  const { scorer, pool, resize, maxPixels, perturb, progress, signal, log, set } = options;
  const { predictions, work } = await knownScores(images, options);
  const failures: FileFailure[] = problems.map(({ file, message }) => ({ file, error: message }));
  const done = new Map<number, string | null>();
  // A perturbation is applied to the image as it is: then it is resized after that.
  const side = perturb === null ? scorer.side : null;
  await judgeImages(
    work.map(({ image: { file } }) => file),
    {
      pool,
      batchSize: scorer.batchSize,
      filter: resize,
      ...(side === null ? {} : { size: { width: side, height: side } }),
      ...(maxPixels === undefined ? {} : { maxPixels }),
      ...(signal === undefined ? {} : { signal }),
      prepare: async (image, index) => {
        if (perturb === null) return image;
        const perturbed = await perturbImage(image, work[index]!.image, perturb);
        done.set(index, perturbed.done);
        return perturbed.image;
      },
      judge: scorer.score,
      onResult: async (index, score) => {
        const { image, place, stamp } = work[index]!;
        const perturbation = done.get(index) ?? null;
        const { logit, probability } = score;
        predictions[place] = predictionOf(image, score, perturbation);
        await log?.add({ set, path: image.path, stamp, logit, probability, perturbation });
        progress.advance();
      },
      onFailure: (index, error) => {
        failures.push({ file: work[index]!.image.file, error: error.message });
        progress.note(error.message);
        progress.advance();
      },
      onSmallerBatch: (size, { message }) =>
        progress.note(`${message}\nGoing on with ${plural(size, "image")} at once.`),
    },
  ).finally(() => log?.flush());
  return { predictions: predictions.filter((each) => each !== null), failures };
}

/** An image that is to be judged, and its place among all. */
interface ScoreWork {
  readonly image: TestImage;
  readonly place: number;
  readonly stamp: string;
}

/** What an earlier run has told, each in its place, and what is left. */
async function knownScores(
  images: readonly TestImage[],
  { log, set, progress }: ScoreOptions,
): Promise<{ readonly predictions: (FilePrediction | null)[]; readonly work: ScoreWork[] }> {
  const predictions: (FilePrediction | null)[] = [];
  const work: ScoreWork[] = [];
  for (const [place, image] of images.entries()) {
    const stamp = log === null ? "" : await stampOf(image.file);
    const known = log?.find({ set, path: image.path, stamp }) ?? null;
    predictions.push(known && predictionOf(image, known, known.perturbation));
    if (known === null) work.push({ image, place, stamp });
  }
  const found = images.length - work.length;
  if (found > 0) {
    progress.note(`${plural(found, "score")} of an earlier run are in ${log?.file}.`);
    progress.advance(found);
  }
  return { predictions, work };
}

function predictionOf(
  { path, group, category, label }: TestImage,
  { logit, probability }: Pick<GradientScore, "logit" | "probability">,
  perturbation: string | null,
): FilePrediction {
  return { path, generator: group, category, label, logit, probability, perturbation };
}

/** Judges the test set and, if there is one, the validation set, which stays unperturbed. */
export async function scoreAll(
  scorer: Scorer,
  data: { readonly test: TestData; readonly validation: TestData | null },
  options: Pick<ScoreOptions, "resize" | "maxPixels" | "perturb" | "log">,
): Promise<{ readonly test: Scored; readonly validation: Scored | null }> {
  const { test, validation } = data;
  const pool = new DecodePool();
  const total = test.images.length + (validation?.images.length ?? 0);
  const progress = startProgress({ total, unit: "images" });
  const common = { ...options, scorer, pool, progress, signal: interruption };
  try {
    const calibration =
      validation === null
        ? null
        : await scoreTestData(validation, { ...common, set: "validation", perturb: null });
    return { test: await scoreTestData(test, { ...common, set: "test" }), validation: calibration };
  } finally {
    progress.stop();
    await pool.close();
  }
}
