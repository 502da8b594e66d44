import type { RgbImage } from "@fauxgrad/models/transforms";
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import { calibratedProbabilities } from "@fauxgrad/training";
import { type CropJudge, type ExplainedCrop, openJudge } from "./crop-judge.ts";
import { type CropPlan, cutCrops, planCrops } from "./crop-plan.ts";
import { type DetectorList, LIST_FILE } from "./detector-list.ts";
import { unfamiliarTraits } from "./familiarity.ts";
import { imageStatistics } from "./image-statistics.ts";
import { type DetectorVerdict, inWords, type Judgement, jointVerdict } from "./judgement.ts";
import { joinCrops, joinMaps } from "./mosaic.ts";
import { readDetectorList } from "./read-list.ts";
import type { ReadFile } from "./weights-reader.ts";

/** Options of {@link Detectors.load}. */
export interface LoadOptions {
  /** Detectors of the list, in the order in which they judge. Default: the list's `defaults`. */
  readonly names?: readonly string[];
  /** Called before each detector is read, and at the end. */
  onProgress?(progress: DetectorProgress): void;
}

/** Options of {@link Detectors.detect}. */
export interface DetectOptions {
  /** Most squares of an image that are judged. Default {@link DEFAULT_CROPS}. */
  readonly crops?: number;
  /** Whether to draw gradients and maps, too. */
  readonly explain?: boolean;
  /** Looked at between the detectors and their batches. */
  readonly signal?: AbortSignal;
  /** Called before each batch of squares, and at the end. */
  onProgress?(progress: DetectorProgress): void;
}

/** How far some work is. */
export interface DetectorProgress {
  /** The detector that is at work; null at the end. */
  readonly title: string | null;
  readonly done: number;
  readonly total: number;
}

/** Squares of an image that are judged where nothing else is said. */
export const DEFAULT_CROPS = 9;

/** Squares between two looks at the signal. */
const BATCH = 4;

/**
 * The detectors that are shipped, on a device: images of any size to verdicts.
 *
 * ```ts
 * using detectors = await Detectors.load(gpu, (name) => readFile(`weights/${name}`));
 * const { verdict, words } = await detectors.detect(image);
 * ```
 */
export class Detectors implements Disposable {
  readonly list: DetectorList;
  readonly judges: readonly CropJudge[];

  private constructor(list: DetectorList, judges: readonly CropJudge[]) {
    this.list = list;
    this.judges = judges;
  }

  /**
   * Reads the list and the weights of its detectors, and puts the networks on the device.
   *
   * @param read gives `detectors.json` and the files that it names
   * @throws {CheckpointError} if the list is none, or a file is not the one that it names
   * @throws {UsageError} if there is no detector of a name
   */
  static async load(
    gpu: Gpu,
    read: ReadFile,
    { names, onProgress }: LoadOptions = {},
  ): Promise<Detectors> {
    const list = readDetectorList(await read(LIST_FILE));
    const chosen = (names ?? list.defaults).map((name) => requireDetector(list, name));
    if (chosen.length === 0) {
      throw new UsageError("Detectors: no detector is named\nName one, or leave names out.");
    }
    const judges: CropJudge[] = [];
    try {
      for (const [done, detector] of chosen.entries()) {
        onProgress?.({ title: detector.title, done, total: chosen.length });
        judges.push(await openJudge(gpu, detector, list.crop, read));
      }
    } catch (error) {
      for (const judge of judges) judge[Symbol.dispose]();
      throw error;
    }
    onProgress?.({ title: null, done: chosen.length, total: chosen.length });
    return new Detectors(list, judges);
  }

  /**
   * Judges an image, of any size, at its own resolution: squares of it, of which each detector's
   * logits are averaged. A side that is shorter than a square is extended by reflection.
   *
   * @throws {RangeError} if `crops` is no positive integer
   * @throws {DeviceError} if the device's memory does not hold a network's activations
   * @throws the signal's reason, when it is aborted
   */
  async detect(image: RgbImage, options: DetectOptions = {}): Promise<Judgement> {
    const { list } = this;
    const plan = planCrops(image, list.crop, options.crops ?? DEFAULT_CROPS);
    const crops = cutCrops(image, plan);
    const detectors = await this.#judgeAll(crops, plan, options);
    const statistics = imageStatistics(crops);
    const unfamiliar = unfamiliarTraits(statistics, list.familiarity, plan.isPadded, list.crop);
    return {
      width: image.width,
      height: image.height,
      plan,
      seen: joinCrops(plan, crops),
      detectors,
      verdict: jointVerdict(detectors),
      statistics,
      unfamiliar,
      words: inWords({ detectors, unfamiliar, plan }),
    };
  }

  /** Frees all networks. */
  dispose(): void {
    for (const judge of this.judges) judge[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #judgeAll(
    crops: readonly RgbImage[],
    plan: CropPlan,
    { explain = false, signal, onProgress }: DetectOptions,
  ): Promise<DetectorVerdict[]> {
    const total = this.judges.length * crops.length;
    const verdicts: DetectorVerdict[] = [];
    for (const judge of this.judges) {
      const { title } = judge.detector;
      const found: (Pick<ExplainedCrop, "logit"> & Partial<ExplainedCrop>)[] = [];
      for (let at = 0; at < crops.length; at += BATCH) {
        signal?.throwIfAborted();
        onProgress?.({ title, done: verdicts.length * crops.length + at, total });
        const part = crops.slice(at, at + BATCH);
        if (explain) found.push(...(await judge.explain(part)));
        else found.push(...(await judge.score(part)).map((logit) => ({ logit })));
      }
      verdicts.push(verdictOf(judge, found, crops, plan));
    }
    signal?.throwIfAborted();
    onProgress?.({ title: null, done: total, total });
    return verdicts;
  }
}

function requireDetector(list: DetectorList, name: string) {
  const found = list.detectors.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `Detectors: there is no detector ${JSON.stringify(name)}\n` +
      `  known  ${list.detectors.map((each) => each.name).join(", ")}\nChoose one of these.`,
  );
}

function verdictOf(
  { detector }: CropJudge,
  found: readonly (Pick<ExplainedCrop, "logit"> & Partial<ExplainedCrop>)[],
  crops: readonly RgbImage[],
  plan: CropPlan,
): DetectorVerdict {
  const { name, title, kind, calibration, threshold } = detector;
  const cropLogits = found.map(({ logit }) => logit);
  const logit = cropLogits.reduce((sum, each) => sum + each, 0) / cropLogits.length;
  if (Number.isNaN(logit)) {
    throw new UsageError(
      `Detectors: ${title}'s logit of an image is not a number\n` +
        "Its weights hold numbers that are none: pack them again.",
    );
  }
  const [probability = Number.NaN] = calibratedProbabilities([logit], calibration);
  const maps = found.flatMap(({ map }) => map ?? []);
  const gradients = found.flatMap(({ gradient }) => gradient ?? []);
  const explanation =
    maps.length === 0
      ? null
      : {
          gradient: gradients.length === 0 ? null : joinCrops(plan, gradients),
          map: joinMaps(plan, crops, maps),
        };
  const isFake = probability > threshold;
  return { name, title, kind, logit, probability, threshold, isFake, cropLogits, explanation };
}
