/*
 * Test images to predictions: original images through a detector, or gradient images through a
 * classifier alone.
 */
import { loadClassifier, type RepeatedScore, scoreGradients } from "@fauxgrad/lgrad";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { RepeatedStep } from "@fauxgrad/training";
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

/** What a network says about an image. */
export interface ImageScore {
  /** Of one logit, or the margin of two: above 0 is fake. */
  readonly logit: number;
  readonly probability: number;
  /** The second of two logits, by which T-GD's authors rank. */
  readonly logit1?: number;
}

/** A prediction, and the second logit where there are two. */
export interface ScoredPrediction extends FilePrediction {
  readonly logit1?: number;
}

/** Networks on a device that give a logit for an image. */
export interface Scorer {
  /** `stylegan, 256 x 256, weights of S.pth`; null for gradient images, which need none. */
  readonly transformation: string | null;
  readonly device: string;
  readonly batchSize: number;
  /** Side that images are resized to; null if they are taken as they are, as gradients are. */
  readonly side: number | null;
  score(images: readonly RgbImage[]): Promise<readonly ImageScore[]>;
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
  const { gpu } = session;
  const classifier = loadClassifier(gpu, await readClassifier(options));
  const repeated: RepeatedScore = new RepeatedStep(gpu, [classifier]);
  return {
    transformation: null,
    device: deviceLine(session.info),
    batchSize: batchSizeOf(options, session),
    side: options.size ?? null,
    score: (images) => scoreGradients(gpu, classifier, images, options.channelOrder, repeated),
    close: () => {
      repeated.release();
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
  readonly predictions: readonly ScoredPrediction[];
  readonly failures: readonly FileFailure[];
}

/** Changes an image before it is judged. */
export type PerturbTestImage = (
  image: RgbImage,
  test: TestImage,
) => Promise<{ readonly image: RgbImage; readonly done: string | null }>;

/** How {@link scoreTestData} goes through the images. */
export interface ScoreOptions {
  readonly scorer: Pick<Scorer, "batchSize" | "side" | "score">;
  readonly pool: JudgeOptions<ImageScore>["pool"];
  readonly resize: DetectorCommandOptions["resize"];
  readonly maxPixels?: number;
  /** What is done to an image first, and its description, null for nothing. */
  readonly perturb: PerturbTestImage | null;
  /** Scores of an earlier run, and where those of this one go; null to keep none. */
  readonly log: ScoreLog | null;
  /** Which part of the log: `test`, `validation`. */
  readonly set: string;
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
        const perturbed = await perturb(image, work[index]!.image);
        done.set(index, perturbed.done);
        return perturbed.image;
      },
      judge: scorer.score,
      onResult: async (index, score) => {
        const { image, place, stamp } = work[index]!;
        const perturbation = done.get(index) ?? null;
        const { path } = image;
        predictions[place] = predictionOf(image, score, perturbation);
        await log?.add({ set, path, stamp, ...scoreOf(score), perturbation });
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
): Promise<{ readonly predictions: (ScoredPrediction | null)[]; readonly work: ScoreWork[] }> {
  const predictions: (ScoredPrediction | null)[] = [];
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
  score: ImageScore,
  perturbation: string | null,
): ScoredPrediction {
  return { path, generator: group, category, label, ...scoreOf(score), perturbation };
}

function scoreOf({ logit, probability, logit1 }: ImageScore): ImageScore {
  return { logit, probability, ...(logit1 === undefined ? {} : { logit1 }) };
}

/** Judges the test set and, if there is one, the validation set, which stays unperturbed. */
export async function scoreAll(
  scorer: Scorer,
  data: { readonly test: TestData; readonly validation: TestData | null },
  {
    perturb,
    ...options
  }: Pick<ScoreOptions, "resize" | "maxPixels" | "log"> & {
    readonly perturb: PerturbOptions | null;
  },
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
    const change: PerturbTestImage | null =
      perturb === null ? null : (image, of) => perturbImage(image, of, perturb);
    const judged = await scoreTestData(test, { ...common, perturb: change, set: "test" });
    return { test: judged, validation: calibration };
  } finally {
    progress.stop();
    await pool.close();
  }
}
