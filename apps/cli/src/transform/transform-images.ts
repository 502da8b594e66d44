/*
 * Images to gradient images. Three things happen at once: threads decode the images to come, the
 * device differentiates a batch, and finished pictures are compressed and written. One image that
 * fails is reported and left out; the device's failures end the run, with what was done so far.
 */
import { fromFloat32, type HostTensor, writeSafetensors } from "@fauxgrad/models/checkpoint";
import {
  gradientToImage,
  type ResizeFilter,
  type ResizeSize,
  type RgbImage,
} from "@fauxgrad/models/transforms";
import { DeviceError } from "@fauxgrad/tensor";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { type DecodePool, isDecoded } from "../io/decode-pool.ts";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { systemCode } from "../terminal/errors.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import type { PlannedTransform } from "./plan.ts";

/** A network and how its gradients are taken: lgrad's `GradientTransformer`. */
export interface GradientSource {
  /** Side of the pictures that it takes. */
  readonly size: number;
  /**
   * Float gradients `[size, size, 3]` of pictures of that size.
   *
   * @throws {DeviceError} if the device cannot
   */
  gradients(images: readonly RgbImage[]): Promise<Float32Array<ArrayBuffer>[]>;
}

/** What became of one image. */
export interface Outcome {
  readonly image: PlannedTransform;
  /** Null if the result was written. */
  readonly error: Error | null;
}

/** Options of {@link transformImages}. */
export interface TransformOptions {
  readonly source: GradientSource;
  readonly pool: DecodePool;
  /** Images at once; halved where the device's memory does not hold them. */
  readonly batchSize: number;
  readonly filter: ResizeFilter;
  readonly maxPixels?: number;
  /** Called once for every image that was written or failed. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Called when a batch turned out to be too large. */
  readonly onSmallerBatch: (batchSize: number, reason: DeviceError) => void;
  readonly signal: AbortSignal;
}

interface Job {
  readonly image: PlannedTransform;
  readonly picture: RgbImage;
}

/** Pictures that may wait for the disk. */
const MOST_WRITING = 16;
/** The disk's refusals that the next file would meet as well. */
const FATAL = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

/**
 * Transforms the images of `work` in order.
 *
 * @throws the device's error, a full disk, or the signal's reason; all that was begun has been
 *   written or left out by then, and reported
 */
export async function transformImages(
  work: readonly PlannedTransform[],
  options: TransformOptions,
): Promise<void> {
  const { source, pool, filter, maxPixels, signal } = options;
  const writer = new Writer(options.onOutcome);
  let { batchSize } = options;
  const halve = (size: number, reason: DeviceError): void => {
    batchSize = size;
    options.onSmallerBatch(size, reason);
  };
  let batch: Job[] = [];
  const files = work.map(({ file }) => file);
  const size = { width: source.size, height: source.size };
  const decodeOptions = { size, filter, signal, prefetch: 2 * batchSize + 2 };
  try {
    for await (const decoded of pool.decode(
      files,
      maxPixels === undefined ? decodeOptions : { ...decodeOptions, maxPixels },
    )) {
      const image = work[decoded.index]!;
      if (!isDecoded(decoded)) {
        options.onOutcome({ image, error: decoded.error });
        continue;
      }
      batch.push({ image, picture: decoded.image });
      if (batch.length < batchSize) continue;
      await differentiate(batch, source, halve, (job, gradient) => writer.add(job, gradient));
      batch = [];
      await writer.room();
    }
    if (batch.length > 0) {
      await differentiate(batch, source, halve, (job, gradient) => writer.add(job, gradient));
    }
  } finally {
    await writer.finished();
  }
  writer.assertUsable();
}

/** The gradients of a batch, in parts if it does not fit into the device's memory at once. */
async function differentiate(
  batch: readonly Job[],
  source: GradientSource,
  onSmaller: (size: number, reason: DeviceError) => void,
  emit: (job: Job, gradient: Float32Array<ArrayBuffer>) => void,
): Promise<void> {
  let size = batch.length;
  for (let at = 0; at < batch.length; ) {
    const part = batch.slice(at, at + size);
    try {
      const pictures = part.map(({ picture }) => picture);
      const gradients = await untilInterrupted(source.gradients(pictures));
      part.forEach((job, i) => {
        emit(job, gradients[i]!);
      });
      at += part.length;
    } catch (error) {
      if (!isTooLarge(error) || part.length === 1) throw error;
      size = Math.ceil(part.length / 2);
      onSmaller(size, error);
    }
  }
}

/** Refused before anything ran: a smaller batch may do. */
export function isTooLarge(error: unknown): error is DeviceError {
  return error instanceof DeviceError && ["limit", "out-of-memory"].includes(error.kind);
}

/** Compresses and writes pictures beside the other work. */
class Writer {
  readonly #onOutcome: (outcome: Outcome) => void;
  readonly #writing = new Set<Promise<void>>();
  #fatal: unknown = null;

  constructor(onOutcome: (outcome: Outcome) => void) {
    this.#onOutcome = onOutcome;
  }

  add({ image, picture }: Job, gradient: Float32Array<ArrayBuffer>): void {
    const { width, height } = picture;
    const writing = this.#write(image, { width, height }, gradient).finally(() => {
      this.#writing.delete(writing);
    });
    this.#writing.add(writing);
  }

  /** Waits while too many pictures wait for the disk. */
  async room(): Promise<void> {
    while (this.#writing.size >= MOST_WRITING) await Promise.race(this.#writing);
    this.assertUsable();
  }

  async finished(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** @throws what no further file would escape, such as a full disk */
  assertUsable(): void {
    if (this.#fatal !== null) throw this.#fatal;
  }

  async #write(
    image: PlannedTransform,
    size: ResizeSize,
    gradient: Float32Array<ArrayBuffer>,
  ): Promise<void> {
    let file = image.output;
    try {
      // The picture comes last: where it exists, all does, and a later run skips the image.
      if (image.rawOutput !== null) {
        file = image.rawOutput;
        await writeFileAtomic(file, rawFile(gradient, size));
      }
      file = image.output;
      await writePng(file, gradientToImage(gradient, size));
      this.#onOutcome({ image, error: null });
    } catch (cause) {
      const error = fileError("write", file, cause);
      if (FATAL.has(systemCode(cause) ?? "")) this.#fatal ??= error;
      this.#onOutcome({ image, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
}

/** `input_gradient`, `[1, 3, H, W]`, as `fauxgrad run --gradient` writes it. */
function rawFile(gradient: Float32Array<ArrayBuffer>, { width, height }: ResizeSize): Uint8Array {
  const planes = new Float32Array(gradient.length);
  const pixels = width * height;
  for (let i = 0; i < pixels; i += 1) {
    for (let c = 0; c < 3; c += 1) planes[c * pixels + i] = gradient[i * 3 + c]!;
  }
  const tensor = fromFloat32(planes, [1, 3, height, width]);
  return new Uint8Array(
    writeSafetensors(new Map<string, HostTensor>([["input_gradient", tensor]])),
  );
}
