import type { Gpu } from "@fauxgrad/kernels";
import {
  type ClassifierBatch,
  classifierBatch,
  createClassifier,
  LGradDetector,
  Trainer,
  trainingPresets,
} from "@fauxgrad/lgrad";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import type { Layer } from "@fauxgrad/tensor/nn";
import { word } from "../operands.ts";
import type { Workload } from "./workload.ts";

/** An image without a pattern, the same everywhere. */
function noise(size: number, seed: number): RgbImage {
  const bytes = Uint8Array.from({ length: size * size * 3 }, (_, i) => word(seed, i) >>> 24);
  return rgbImage(size, size, bytes);
}

/** LGrad whole: transform an image, rescale it to 8 bits on the host, classify it. */
export class LgradDetection implements Workload {
  readonly isSynchronous = false;
  readonly networks: Readonly<Record<string, Layer>>;
  readonly #detector: LGradDetector;
  readonly #images: readonly RgbImage[];
  #result: Float32Array = new Float32Array();

  constructor(gpu: Gpu, batch: number, size: number) {
    this.#detector = LGradDetector.create(gpu, {
      transformation: { name: "stylegan", source: { seed: 0 }, options: { size } },
      classifier: { seed: 0 },
    });
    const { transformer, classifier } = this.#detector;
    this.networks = { transformation: transformer.network, classifier };
    this.#images = Array.from({ length: batch }, (_, i) => noise(size, i));
  }

  async run(): Promise<void> {
    const detections = await this.#detector.detectBatch(this.#images);
    this.#result = Float32Array.from(detections, ({ logit }) => logit);
  }

  async result(): Promise<Float32Array> {
    return this.#result;
  }

  dispose(): void {
    this.#detector.dispose();
  }
}

/** A step of LGrad's classifier as its trainer does it. */
export class LgradTraining implements Workload {
  readonly isSynchronous = true;
  readonly networks: Readonly<Record<string, Layer>>;
  readonly #network: ReturnType<typeof createClassifier>;
  readonly #trainer: Trainer;
  readonly #batch: ClassifierBatch;
  readonly #labels: readonly number[];
  #outcome: Promise<{ readonly loss: number }> | null = null;

  constructor(gpu: Gpu, batch: number, size: number) {
    this.#network = createClassifier(gpu, { seed: 0 });
    this.networks = { "": this.#network };
    this.#labels = Array.from({ length: batch }, (_, i) => i % 2);
    const recipe = { ...trainingPresets.official, batchSize: batch, epochs: 2 ** 30 };
    this.#trainer = new Trainer(gpu, { network: this.#network, labels: this.#labels, recipe });
    const images = this.#labels.map((_, i) => noise(size, i));
    this.#batch = classifierBatch(images);
  }

  run(): void {
    this.#outcome = this.#trainer.step(this.#batch, this.#labels);
    // Whoever asks for the result hears of an error.
    this.#outcome.catch(() => undefined);
  }

  async result(): Promise<Float32Array> {
    if (this.#outcome === null) return new Float32Array();
    return Float32Array.of((await this.#outcome).loss);
  }

  dispose(): void {
    this.#trainer.dispose();
    this.#network.dispose();
  }
}
