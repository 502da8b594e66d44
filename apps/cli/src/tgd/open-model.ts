/*
 * A model of T-GD on a device, whichever of its networks it is: images to scores.
 */
import type { ForensicTransfer } from "@fauxgrad/models";
import { imageBatch, type RgbImage } from "@fauxgrad/models/transforms";
import { type Gpu, noGrad, scope, tensor } from "@fauxgrad/tensor";
import {
  describeNetwork,
  ForensicTransferObjective,
  loadWeights,
  normalizationOf,
  TgdDetector,
  validationImage,
} from "@fauxgrad/tgd";
import { inUnits } from "@fauxgrad/training";
import type { ImageScore } from "../detection/run-evaluation.ts";
import { deviceLine, type GpuSession } from "../session/open-gpu.ts";
import type { ModelFile } from "./model-file.ts";

/** A model that judges. */
export interface OpenModel {
  readonly file: string;
  readonly device: string;
  /** Of the network's input. */
  readonly side: number;
  readonly batchSize: number;
  score(images: readonly RgbImage[]): Promise<readonly ImageScore[]>;
  /** Frees the network; the device stays. */
  close(): void;
}

/** Images at once where nothing is said; results do not depend on it. */
const BATCH = { software: 8, hardware: 64 } as const;

/** The number of images at once that was asked for, or that suits the device. */
export function batchSizeOf(batchSize: number | undefined, { info }: GpuSession): number {
  return batchSize ?? BATCH[info.isSoftware ? "software" : "hardware"];
}

/**
 * Puts a model on the device.
 *
 * @throws {CheckpointError} listing everything in which weights do not fit
 */
export function openModel(
  session: GpuSession,
  model: ModelFile,
  options: { readonly batchSize?: number | undefined } = {},
): OpenModel {
  const { gpu, info } = session;
  const batchSize = batchSizeOf(options.batchSize, session);
  const { size } = model.recipe.augmentation;
  const common = { file: model.file, device: deviceLine(info), side: size, batchSize };
  if (model.recipe.network.name === "forensic_transfer") {
    return { ...common, ...openAutoencoder(gpu, model) };
  }
  const detector = TgdDetector.load(gpu, model.tensors, model.recipe);
  return {
    ...common,
    score: async (images) =>
      (await inUnits(images, (unit) => detector.detect(unit))).map(
        ({ margin, probability, logits }) => {
          return { logit: margin, probability, logit1: logits[1] };
        },
      ),
    close: () => detector.dispose(),
  };
}

/** Shares of 0 and 1 have no logit. */
const LEAST_SHARE = 1e-12;

/** The logit is that of the share of the fake half. */
function openAutoencoder(gpu: Gpu, { tensors, recipe }: ModelFile) {
  const network = describeNetwork(recipe) as ForensicTransfer;
  loadWeights(gpu, network, tensors);
  network.eval().requiresGrad_(false);
  const objective = new ForensicTransferObjective(network, recipe.forensicTransfer ?? undefined);
  const { augmentation } = recipe;
  const score = async (images: readonly RgbImage[]): Promise<ImageScore[]> => {
    const fitted = images.map((image) => validationImage(image, augmentation));
    const { pixels, shape } = imageBatch(fitted, normalizationOf(augmentation));
    const outputs = await scope(() =>
      noGrad(() => objective.outputs(tensor(gpu, pixels, shape)).read()),
    );
    return images.map((_, i) => {
      const share = objective.score(outputs, i) + 0.5;
      const inside = Math.min(Math.max(share, LEAST_SHARE), 1 - LEAST_SHARE);
      return { logit: Math.log(inside / (1 - inside)), probability: share };
    });
  };
  return {
    score: (images: readonly RgbImage[]) => inUnits(images, score),
    close: () => network.dispose(),
  };
}
