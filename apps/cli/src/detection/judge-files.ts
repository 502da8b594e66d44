import type { LGradDetector } from "@fauxgrad/lgrad";
import type { ResizeFilter, ResizeSize, RgbImage } from "@fauxgrad/models/transforms";
import { DecodePool } from "../io/decode-pool.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import { type DetectorCommandOptions, openDetector } from "./detector-options.ts";
import { judgeImages } from "./judge-images.ts";

/** What is done with a detector's answers. */
export interface AnswerWork<Result> {
  /** Called in the order of the files; what it throws is that file's failure. */
  onResult(index: number, result: Result): Promise<void>;
  /** After it has been told on standard error. */
  onFailure(index: number, error: Error): void;
}

/** What is asked of LGrad's detector, and what is done with its answers. */
export interface FileWork<Result> extends AnswerWork<Result> {
  judge(detector: LGradDetector, images: readonly RgbImage[]): Promise<readonly Result[]>;
}

/** A detector that is open. */
export interface FileJudge<Result> {
  /** What judges, and on what device. */
  readonly line: string;
  /** Images at once. */
  readonly batchSize: number;
  readonly filter: ResizeFilter;
  /** Images are resampled to it while they are decoded; null to keep their sizes. */
  readonly size: ResizeSize | null;
  readonly maxPixels: number | undefined;
  judge(images: readonly RgbImage[]): Promise<readonly Result[]>;
  close(): void;
}

/**
 * Files through LGrad's detector, which is opened for them and closed again.
 *
 * @throws the device's error, or that of a file of weights
 */
export async function judgeFiles<Result>(
  files: readonly string[],
  options: DetectorCommandOptions,
  work: FileWork<Result>,
): Promise<void> {
  const { resize: filter, sizes, maxPixels, weights } = options;
  const { detector, batchSize, transformation, device, close } = await openDetector(options);
  const side = detector.transformer.size;
  const judge: FileJudge<Result> = {
    line: `${transformation}; classifier of ${weights}; on ${device}`,
    ...{ batchSize, filter, maxPixels, close },
    size: sizes === "resize" ? { width: side, height: side } : null,
    judge: (images) => work.judge(detector, images),
  };
  await judgeFilesBy(files, judge, work);
}

/**
 * Files through a detector, with progress on standard error. One bad file does not stop the others.
 * The detector is closed at the end.
 *
 * @throws the device's error
 */
export async function judgeFilesBy<Result>(
  files: readonly string[],
  { line, batchSize, filter, size, maxPixels, judge, close }: FileJudge<Result>,
  work: AnswerWork<Result>,
): Promise<void> {
  note(line);
  const pool = new DecodePool();
  const progress = startProgress({ total: files.length, unit: "images" });
  const onFailure = (index: number, error: Error): void => {
    progress.note(error.message);
    progress.advance();
    work.onFailure(index, error);
  };
  try {
    await judgeImages<Result>(files, {
      ...{ pool, batchSize, filter, signal: interruption, onFailure, judge },
      ...(size === null ? {} : { size }),
      ...(maxPixels === undefined ? {} : { maxPixels }),
      onResult: async (index, result) => {
        try {
          await work.onResult(index, result);
          progress.advance();
        } catch (error) {
          onFailure(index, error instanceof Error ? error : new Error(String(error)));
        }
      },
      onSmallerBatch: (size, { message }) =>
        progress.note(`${message}\nGoing on with ${plural(size, "image")} at once.`),
    });
  } finally {
    progress.stop();
    await pool.close();
  }
  close();
}
