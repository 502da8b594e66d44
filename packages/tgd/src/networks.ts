// The networks that are trained: from a recipe to a description, from a file to the device.

import { createModel, EfficientNet, ForensicTransfer, ResNet, SmallCnn } from "@fauxgrad/models";
import { type HostTensor, matchStateDict } from "@fauxgrad/models/checkpoint";
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { floatTensors, modelTensors } from "@fauxgrad/training";
import type { TgdRecipe } from "./recipe.ts";

/** A checkpoint's tensors by name. */
export type NetworkTensors = ReadonlyMap<string, HostTensor>;

/** What decides about a network. */
export type NetworkRecipe = Pick<TgdRecipe, "network" | "dropRate" | "dropConnectRate">;

/** A classifier with two logits: real, fake. */
export type TgdClassifier = EfficientNet | ResNet | SmallCnn;

/**
 * The network of a recipe, to be trained: a description with the recipe's rates.
 *
 * @throws {UsageError} if an option is unknown or out of range
 */
export function describeNetwork(recipe: NetworkRecipe): TgdClassifier | ForensicTransfer {
  const { name } = recipe.network;
  return name === "forensic_transfer" ? new ForensicTransfer() : describeClassifier(recipe);
}

/**
 * The classifier of a recipe, likewise.
 *
 * @throws {UsageError} if the recipe's network is none, or an option is unknown or out of range
 */
export function describeClassifier({
  network: { name, options },
  dropRate,
  dropConnectRate,
}: NetworkRecipe): TgdClassifier {
  if (name !== "forensic_transfer") {
    // Two logits of the network that is published with 1000, whose convolutions T-GD's begins from.
    const classes = name === "efficientnet_b0" ? { numClasses: 2 } : {};
    const { network } = createModel(name, { options: { ...classes, ...options } });
    network.requiresGrad_(true).train();
    if (network instanceof EfficientNet) {
      network.setDropRates({ dropout: dropRate, dropConnect: dropConnectRate });
      return network;
    }
    if (network instanceof ResNet || network instanceof SmallCnn) return network;
  }
  throw new UsageError(
    `describeClassifier: ${name} has no logits\n` +
      "Choose tgd_efficientnet_b0, tgd_resnext50_32x4d, efficientnet_b0 or small_cnn.",
  );
}

/**
 * Puts a file's weights on the device: T-GD's (`state_dict` of a `.pth.tar`), a flat state dict, or a
 * checkpoint of a training here, of which the student's are taken.
 *
 * @throws {CheckpointError} listing everything that is missing, unexpected or mis-shaped
 */
export function loadWeights(gpu: Gpu, network: Module, tensors: NetworkTensors): void {
  const matched = matchStateDict(network.expectedState(), modelTensors(tensors));
  network.load(gpu, floatTensors(matched));
}
