/*
 * Files through a network, one batch at a time: threads decode the images to come while the device
 * works. A file that fails is reported and left out; the device's failures end the run.
 */
import type { ResizeFilter, ResizeSize, RgbImage } from "@fauxgrad/models/transforms";
import { type DeviceError, ShapeError } from "@fauxgrad/tensor";
import { type DecodePool, isDecoded } from "../io/decode-pool.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { isTooLarge } from "../transform/transform-images.ts";

/** Options of {@link judgeImages}. */
export interface JudgeOptions<Result> {
  readonly pool: Pick<DecodePool, "decode">;
  /** Images at once; halved where the device's memory does not hold them. */
  readonly batchSize: number;
  /** Images are resampled to it while they are decoded; by default they keep their sizes. */
  readonly size?: ResizeSize;
  readonly filter?: ResizeFilter;
  readonly maxPixels?: number;
  readonly signal?: AbortSignal;
  /** What is done to a decoded image first. */
  prepare?(image: RgbImage, index: number): Promise<RgbImage>;
  /** The network: one result for each image. */
  judge(images: readonly RgbImage[]): Promise<readonly Result[]>;
  /** Called once for every file that was judged, in order; awaited. */
  onResult(index: number, result: Result): Promise<void> | void;
  /** Called once for every file that could not be. */
  onFailure(index: number, error: Error): void;
  onSmallerBatch?(batchSize: number, reason: DeviceError): void;
}

interface Job {
  readonly index: number;
  readonly image: RgbImage;
}

/**
 * Judges the images of `files` in order.
 *
 * @throws the device's error, or the signal's reason
 */
export async function judgeImages<Result>(
  files: readonly string[],
  options: JudgeOptions<Result>,
): Promise<void> {
  const { pool, size, filter, maxPixels, signal } = options;
  const batches = new Batches(options);
  const decoding = pool.decode(files, {
    prefetch: 2 * options.batchSize + 2,
    ...(size === undefined ? {} : { size }),
    ...(filter === undefined ? {} : { filter }),
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const decoded of decoding) {
    const { index } = decoded;
    if (!isDecoded(decoded)) {
      options.onFailure(index, decoded.error);
      continue;
    }
    let image: RgbImage;
    try {
      image = (await options.prepare?.(decoded.image, index)) ?? decoded.image;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      options.onFailure(index, error);
      continue;
    }
    await batches.add({ index, image });
  }
  await batches.flush();
}

/** Collects images until a batch is full. */
class Batches<Result> {
  readonly #options: JudgeOptions<Result>;
  #size: number;
  #waiting: Job[] = [];

  constructor(options: JudgeOptions<Result>) {
    this.#options = options;
    this.#size = options.batchSize;
  }

  async add(job: Job): Promise<void> {
    this.#waiting.push(job);
    if (this.#waiting.length >= this.#size) await this.flush();
  }

  async flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < batch.length; ) {
      const part = batch.slice(at, at + this.#size);
      if (await this.#judge(part)) at += part.length;
    }
  }

  /** False if the part was too large, and the size has been halved. */
  async #judge(part: readonly Job[]): Promise<boolean> {
    const { judge, onResult, onFailure, onSmallerBatch } = this.#options;
    let results: readonly Result[];
    try {
      results = await untilInterrupted(judge(part.map(({ image }) => image)));
    } catch (error) {
      if (part.length === 1 && isRefusal(error)) {
        onFailure(part[0]!.index, error);
        return true;
      }
      if (part.length === 1 || !(isTooLarge(error) || isRefusal(error))) throw error;
      if (isRefusal(error)) {
        // One of them is at fault: alone, the others pass.
        for (const job of part) await this.#judge([job]);
        return true;
      }
      this.#size = Math.ceil(part.length / 2);
      onSmallerBatch?.(this.#size, error);
      return false;
    }
    for (const [i, { index }] of part.entries()) await onResult(index, results[i]!);
    return true;
  }
}

/** The network does not take such an image: too small, mostly. */
function isRefusal(error: unknown): error is ShapeError | RangeError {
  return error instanceof ShapeError || error instanceof RangeError;
}
