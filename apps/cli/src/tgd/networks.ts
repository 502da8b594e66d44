/*
 * The networks of a training on the device, as it begins: random, with ImageNet's convolutions, or
 * a model's weights; in a transfer the teacher as well.
 */
import { EfficientNet, type ForensicTransfer, importConvolutions, ResNet } from "@fauxgrad/models";
import type { Gpu } from "@fauxgrad/tensor";
import {
  describeClassifier,
  describeNetwork,
  freezeForGeneralTransfer,
  loadWeights,
  type NetworkTensors,
  type TgdClassifier,
  type TgdRecipe,
} from "@fauxgrad/tgd";
import { note } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";

/** What a training trains, and what it is drawn to. */
export interface TgdNetworks extends Disposable {
  readonly network: TgdClassifier | ForensicTransfer;
  /** Null where the recipe has no penalties. */
  readonly teacher: TgdClassifier | null;
}

/**
 * Puts the networks on the device.
 *
 * @param tensors of the model that it begins from; null for random weights
 * @throws {CheckpointError} listing everything in which weights do not fit
 * @throws {ShapeError} if a file of ImageNet weights lacks convolutions
 */
export function openNetworks(
  gpu: Gpu,
  recipe: TgdRecipe,
  tensors: NetworkTensors | null,
): TgdNetworks {
  const network = describeNetwork(recipe);
  if (tensors === null) network.to(gpu, { seed: recipe.seed });
  else if (
    isBatchNormalised(tensors.keys()) &&
    !isBatchNormalised(network.expectedState().keys())
  ) {
    beginFromConvolutions(gpu, asPublished(network), tensors, recipe.seed);
  } else loadWeights(gpu, network, tensors);
  if (recipe.method === "freeze") {
    const frozen = freezeForGeneralTransfer(network).length;
    note(`${plural(frozen, "tensor")} of ${network.namedParameters().size} are frozen.`);
  }
  const teacher = recipe.regularization === null ? null : describeClassifier(recipe);
  if (teacher !== null) teacher.to(gpu, { seed: recipe.seed }).copyFrom(network);
  const dispose = (): void => {
    network.dispose();
    teacher?.dispose();
  };
  return { network, teacher, [Symbol.dispose]: dispose };
}

/** Whether names are those of a network with batch normalisation, as ImageNet's weights have them. */
function isBatchNormalised(names: Iterable<string>): boolean {
  return [...names].some((name) => name.endsWith("running_mean"));
}

/** The networks that ImageNet's weights are published for. */
function asPublished(network: TgdClassifier | ForensicTransfer): EfficientNet | ResNet {
  if (network instanceof EfficientNet || network instanceof ResNet) return network;
  throw new Error("networks: a baseline has no published convolutions");
}

function beginFromConvolutions(
  gpu: Gpu,
  network: EfficientNet | ResNet,
  source: NetworkTensors,
  seed: number,
): void {
  const { tensors, kept, left } = importConvolutions(network, source);
  network.load(gpu, tensors, { strict: false, seed });
  note(
    `${plural(tensors.size, "tensor")} of convolutions from the file; ` +
      `${plural(kept.length, "tensor")} of normalisation and classifier begin anew, ` +
      `${left.length} of the file's are left.`,
  );
}
