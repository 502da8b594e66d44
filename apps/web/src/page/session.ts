// A device with the detectors on it.

import type { Detectors, Judgement } from "@fauxgrad/detectors";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { Gpu } from "@fauxgrad/tensor";
import { type BrowserDevice, openBrowserDevice } from "../../../../tools/adapter/browser-device.ts";
import { readImage } from "../image/read-image.ts";
import { loadDetectors, type PageProgress } from "./load-detectors.ts";

/** Freed memory that is kept: a page is not the only one that wants the GPU. */
const MOST_IDLE_BYTES = 2 ** 28;
/** Between two looks at what has been compiled. */
const TICK_MS = 200;
/** In which a device that failed says that it is lost. */
const LOSS_MS = 250;

/** What {@link Session} tells while it works. */
export type OnProgress = (progress: PageProgress) => void;

/** A device that is open, and the detectors on it. */
export class Session {
  readonly opened: BrowserDevice;
  readonly detectors: Detectors;
  readonly #gpu: Gpu;

  private constructor(opened: BrowserDevice, gpu: Gpu, detectors: Detectors) {
    this.opened = opened;
    this.#gpu = gpu;
    this.detectors = detectors;
  }

  /**
   * Opens the browser's device and loads the detectors.
   *
   * @param onDevice called with the device as soon as there is one
   * @throws {NoWebGpuError} saying whether the browser or the adapter is missing
   * @throws {PageError} if a file cannot be loaded
   */
  static async open(
    onDevice: (opened: BrowserDevice) => void,
    onProgress: OnProgress,
  ): Promise<Session> {
    onProgress({ text: "Looking for a WebGPU device", detail: "", done: 0, total: 0 });
    const opened = await openBrowserDevice();
    onDevice(opened);
    const gpu = new Gpu(opened.device, { maxIdleBytes: MOST_IDLE_BYTES });
    try {
      return new Session(opened, gpu, await loadDetectors(gpu, onProgress));
    } catch (error) {
      gpu.destroy();
      opened.device.destroy();
      throw error;
    }
  }

  /** Judges a square of noise, so that the first picture finds its kernels compiled. */
  async warmUp(signal: AbortSignal, onProgress: OnProgress): Promise<void> {
    const side = this.detectors.list.crop;
    const noise = rgbImage(side, side, noiseBytes(3 * side * side));
    await this.#detect(noise, "Compiling kernels", signal, onProgress);
  }

  /**
   * Reads a file and judges it.
   *
   * @throws {ImageError} if it is no picture that can be decoded
   */
  async judge(file: File, signal: AbortSignal, onProgress: OnProgress): Promise<Judgement> {
    onProgress({ text: `Reading ${file.name}`, detail: "", done: 0, total: 0 });
    const image = await readImage(file, this.opened.device);
    return this.#detect(image, `Judging ${file.name}`, signal, onProgress);
  }

  /** Whether the device is gone: what fails then fails for this reason. */
  async isLost(): Promise<boolean> {
    const lost = this.opened.device.lost.then(() => true);
    const kept = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), LOSS_MS));
    return Promise.race([lost, kept]);
  }

  async #detect(
    image: RgbImage,
    text: string,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<Judgement> {
    const before = this.#gpu.stats.pipelines;
    let place = { done: 0, total: 0 };
    let about = text;
    const tell = () => {
      const compiled = this.#gpu.stats.pipelines - before;
      const kernels = compiled > 0 ? `${compiled} kernels compiled` : "";
      onProgress({ text: about, detail: kernels, ...place });
    };
    const ticking = setInterval(tell, TICK_MS);
    try {
      return await this.detectors.detect(image, {
        ...{ explain: true, signal },
        onProgress: ({ title, done, total }) => {
          place = { done, total };
          about = title === null ? text : `${text}: ${title}`;
          tell();
        },
      });
    } finally {
      clearInterval(ticking);
    }
  }
}

/** The same on every page: bytes of a linear congruential generator. */
function noiseBytes(count: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
