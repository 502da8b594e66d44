/*
 * A detector of the list on a device: squares of the list's size to logits. Squares are judged in
 * units of one size, so that a square's logit is the same to the last bit in any company.
 */
import {
  explainGradients,
  GradientTransformer,
  LGradDetector,
  loadClassifier,
  type RepeatedScore,
  scoreGradients,
} from "@fauxgrad/lgrad";
import { CheckpointError } from "@fauxgrad/models/checkpoint";
import type { RgbImage } from "@fauxgrad/models/transforms";
import type { Gpu } from "@fauxgrad/tensor";
import {
  describeClassifier,
  loadWeights,
  type RecipeNetworkName,
  recipeNetworkNames,
  TgdDetector,
} from "@fauxgrad/tgd";
import {
  type ActivationMap,
  inUnits,
  logisticFromTensors,
  logisticLogit,
  RepeatedStep,
  radialSpectrum,
} from "@fauxgrad/training";
import {
  LIST_FILE,
  type ListedDetector,
  type ListedLgrad,
  type ListedPlain,
  type ListedSpectrum,
  type ListedTgd,
} from "./detector-list.ts";
import { type ReadFile, readWeights } from "./weights-reader.ts";

/** What a detector says about a square, and where it looked. */
export interface ExplainedCrop {
  readonly logit: number;
  /** What LGrad's classifier saw; null for the others. */
  readonly gradient: RgbImage | null;
  /**
   * Where what speaks for fake is: LGrad's class activation map, whose values have a sign; T-GD's
   * Grad-CAM, from 0. Null for what looks at no place, as spectra.
   */
  readonly map: ActivationMap | null;
}

/** A detector that is open. */
export interface CropJudge extends Disposable {
  readonly detector: ListedDetector;
  /** Logits of squares; above 0 the network says fake. */
  score(crops: readonly RgbImage[]): Promise<number[]>;
  /** The same logits, with what the network looked at. */
  explain(crops: readonly RgbImage[]): Promise<ExplainedCrop[]>;
}

/**
 * Reads a detector's files and puts it on the device.
 *
 * @param crop side of the squares, in pixels
 * @throws {CheckpointError} if a file is not the listed one, or its weights do not fit the network
 * @throws {UsageError} if the list names a network or an option that there is not
 */
export function openJudge(
  gpu: Gpu,
  detector: ListedDetector,
  crop: number,
  read: ReadFile,
): Promise<CropJudge> {
  switch (detector.kind) {
    case "lgrad":
      return openLgrad(gpu, detector, crop, read);
    case "tgd":
      return openTgd(gpu, detector, crop, read);
    case "plain":
      return openPlain(gpu, detector, read);
    case "spectrum":
      return openSpectrum(detector, crop, read);
    default:
      return detector satisfies never;
  }
}

async function openLgrad(
  gpu: Gpu,
  detector: ListedLgrad,
  crop: number,
  read: ReadFile,
): Promise<CropJudge> {
  const { network: name, settings } = detector.transformation;
  const source = { weights: await readWeights(read, detector.transformation) };
  const weights = await readWeights(read, detector.classifier);
  const transformation = GradientTransformer.create(gpu, name, source, {
    model: settings,
    size: crop,
  });
  let lgrad: LGradDetector;
  try {
    lgrad = LGradDetector.create(gpu, { transformation, classifier: { weights } });
  } catch (error) {
    transformation.dispose();
    throw error;
  }
  return {
    detector,
    score: async (crops) =>
      (await inUnits(crops, (unit) => lgrad.detectBatch(unit))).map(({ logit }) => logit),
    explain: (crops) => inUnits(crops, (unit) => lgrad.explainBatch(unit)),
    [Symbol.dispose]: () => {
      lgrad.dispose();
      transformation.dispose();
    },
  };
}

async function openTgd(
  gpu: Gpu,
  detector: ListedTgd,
  crop: number,
  read: ReadFile,
): Promise<CropJudge> {
  const { normalization } = detector;
  const { settings: options } = detector.classifier;
  const network = describeClassifier({
    network: { name: recipeNetwork(detector), options },
    dropRate: 0,
    dropConnectRate: 0,
  });
  loadWeights(gpu, network, await readWeights(read, detector.classifier));
  const tgd = new TgdDetector(gpu, network, { input: { size: crop, normalization } });
  return {
    detector,
    score: async (crops) =>
      (await inUnits(crops, (unit) => tgd.detect(unit))).map(({ margin }) => margin),
    explain: async (crops) =>
      (await inUnits(crops, (unit) => tgd.explain(unit, { target: "margin" }))).map(
        ({ margin, map }) => ({ logit: margin, gradient: null, map }),
      ),
    [Symbol.dispose]: () => tgd.dispose(),
  };
}

function recipeNetwork({ name, classifier }: ListedTgd): RecipeNetworkName {
  const found = recipeNetworkNames.find((known) => known === classifier.network);
  if (found !== undefined) return found;
  throw new CheckpointError(
    `${LIST_FILE}: ${name} is of a network "${classifier.network}"\n` +
      `  known  ${recipeNetworkNames.join(", ")}\nUse the version of the program that packed it.`,
  );
}

async function openPlain(gpu: Gpu, detector: ListedPlain, read: ReadFile): Promise<CropJudge> {
  const classifier = loadClassifier(gpu, await readWeights(read, detector.classifier));
  const scoring: RepeatedScore = new RepeatedStep(gpu, [classifier]);
  return {
    detector,
    score: async (crops) => {
      const scores = await inUnits(crops, (unit) =>
        scoreGradients(gpu, classifier, unit, "rgb", scoring),
      );
      return scores.map(({ logit }) => logit);
    },
    explain: async (crops) => {
      scoring.release();
      const scores = await inUnits(crops, (unit) => explainGradients(gpu, classifier, unit));
      return scores.map(({ logit, map }) => ({ logit, gradient: null, map }));
    },
    [Symbol.dispose]: () => {
      scoring.release();
      classifier.dispose();
    },
  };
}

/** Needs no device. */
async function openSpectrum(
  detector: ListedSpectrum,
  crop: number,
  read: ReadFile,
): Promise<CropJudge> {
  const model = logisticFromTensors(await readWeights(read, detector.coefficients), crop / 2);
  const score = (crops: readonly RgbImage[]) =>
    crops.map((image) => logisticLogit(model, radialSpectrum(image)));
  return {
    detector,
    score: async (crops) => score(crops),
    explain: async (crops) => score(crops).map((logit) => ({ logit, gradient: null, map: null })),
    [Symbol.dispose]: () => undefined,
  };
}
