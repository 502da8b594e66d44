import {
  forensicTransferRecipe,
  generalTransfer,
  smallCnnPretraining,
} from "./baseline-presets.ts";
import { type RecipePreset, tgdPresets } from "./presets.ts";
import type { RecipeNetworkName, Stage, TgdRecipe, TransferMethod } from "./recipe.ts";

/** What {@link recipePreset} chooses by. */
export interface RecipeChoice {
  readonly stage: Stage;
  readonly preset: RecipePreset;
  /** Default `tgd`. A pretraining of the other classifiers is T-GD's. */
  readonly method?: TransferMethod;
  /**
   * Default EfficientNet-B0; `forensic-transfer` has a network of its own. `small_cnn` is a baseline
   * of this project, with a recipe of its own for its pretraining.
   */
  readonly network?: RecipeNetworkName;
}

/**
 * The recipe of a method in one of the readings. ResNeXt-50 has no dropout and no drop-connect in
 * any code; its other values are EfficientNet's where no source tells otherwise.
 *
 * @throws {RangeError} for a baseline's `script`, which does not exist, and for a network that does
 *   not belong to the method
 */
export function recipePreset({ stage, preset, method = "tgd", network }: RecipeChoice): TgdRecipe {
  const isAutoencoder = method === "forensic-transfer";
  const isGeneral = stage === "transfer" && method !== "tgd";
  const isSmall = network === "small_cnn" && !isAutoencoder;
  if (preset === "script" && (isAutoencoder || isGeneral || isSmall)) {
    throw new RangeError(
      `recipePreset: T-GD's authors published no script for ${isSmall ? network : method}\n` +
        'Choose the preset "paper" or "notebook".',
    );
  }
  if (network !== undefined && isAutoencoder !== (network === "forensic_transfer")) {
    throw new RangeError(
      `recipePreset: ${method} does not train ${network}\n` +
        "forensic-transfer trains forensic_transfer, every other method a network with logits.",
    );
  }
  if (isAutoencoder) return forensicTransferRecipe(preset, stage);
  if (isSmall && stage === "pretrain") return smallCnnPretraining;
  const recipe = isGeneral ? generalTransfer(preset, method) : tgdPresets[preset][stage];
  if (isSmall) return { ...recipe, ...withoutDrops("small_cnn") };
  if (network === "tgd_resnext50_32x4d") return onResNeXt(recipe, preset);
  // torchvision's form of the same network has the same recipe.
  return network === undefined ? recipe : { ...recipe, network: { name: network, options: {} } };
}

/** Of a network that has neither dropout nor drop-connect. */
function withoutDrops(name: RecipeNetworkName) {
  return { network: { name, options: {} }, dropRate: 0, dropConnectRate: 0 };
}

/** The notebooks' ResNeXt: batches of 160 to 400, of which 200; rate 0.04. */
function onResNeXt(recipe: TgdRecipe, preset: RecipePreset): TgdRecipe {
  const isOwn = preset === "notebook" && recipe.stage === "pretrain";
  return {
    ...recipe,
    ...withoutDrops("tgd_resnext50_32x4d"),
    ...(isOwn ? { batchSize: 200, learningRate: { ...recipe.learningRate, base: 0.04 } } : {}),
  };
}
