import type { LGradDetector } from "@fauxgrad/lgrad";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { DecodePool } from "../io/decode-pool.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import { type DetectorCommandOptions, openDetector } from "./detector-options.ts";
import { judgeImages } from "./judge-images.ts";

/** What is asked of the detector, and what is done with its answers. */
export interface FileWork<Result> {
  judge(detector: LGradDetector, images: readonly RgbImage[]): Promise<readonly Result[]>;
  /** Called in the order of the files; what it throws is that file's failure. */
  onResult(index: number, result: Result): Promise<void>;
  /** After it has been told on standard error. */
  onFailure(index: number, error: Error): void;
}

/**
 * Files through a detector that is opened for them and closed again, with progress on standard
 * error. One bad file does not stop the others.
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
  note(`${transformation}; classifier of ${weights}; on ${device}`);
  const side = detector.transformer.size;
  const pool = new DecodePool();
  const progress = startProgress({ total: files.length, unit: "images" });
  const onFailure = (index: number, error: Error): void => {
    progress.note(error.message);
    progress.advance();
    work.onFailure(index, error);
  };
  try {
    await judgeImages<Result>(files, {
      ...{ pool, batchSize, filter, signal: interruption, onFailure },
      ...(sizes === "resize" ? { size: { width: side, height: side } } : {}),
      ...(maxPixels === undefined ? {} : { maxPixels }),
      judge: (images) => work.judge(detector, images),
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
