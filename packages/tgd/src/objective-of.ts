import { ForensicTransfer } from "@fauxgrad/models";
import type { Layer } from "@fauxgrad/tensor/nn";
import { codedForensicTransfer, ForensicTransferObjective } from "./forensic-transfer.ts";
import { ClassifierObjective, type Objective } from "./objective.ts";
import type { TgdRecipe } from "./recipe.ts";

/** The autoencoder has a loss of its own; everything else is a classifier. */
export function objectiveOf(
  network: Layer | ForensicTransfer,
  { forensicTransfer }: TgdRecipe,
): Objective {
  if (!(network instanceof ForensicTransfer)) return new ClassifierObjective(network);
  return new ForensicTransferObjective(network, forensicTransfer ?? codedForensicTransfer);
}
