// How a discriminator is trained to be LGrad's transformation model, where none that a GAN was
// trained with is at hand.

import type { ModelName } from "@fauxgrad/models";
import type { TrainerRecipe } from "./training-recipe.ts";

/** The discriminators that can be trained. */
export type DiscriminatorName = Extract<ModelName, "pggan" | "stylegan" | "stylegan2">;

/** In the order of the command's help. */
export const discriminatorNames: readonly DiscriminatorName[] = ["pggan", "stylegan", "stylegan2"];

/** Everything that decides about a training, beside the images and the first weights. */
export interface DiscriminatorRecipe extends TrainerRecipe {
  readonly model: DiscriminatorName;
  /** Mirror every second image. */
  readonly flip: boolean;
}

/** Adam as ProGAN and StyleGAN have it; the learning rate does not decay. */
export const discriminatorRecipe: DiscriminatorRecipe = {
  model: "pggan",
  optimizer: "adam",
  betas: [0, 0.99],
  learningRate: 1e-3,
  batchSize: 16,
  epochs: 20,
  sampling: "shuffle",
  flip: true,
  seed: 0,
};
