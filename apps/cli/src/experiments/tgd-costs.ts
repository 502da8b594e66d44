/*
 * What T-GD's steps cost, for plans.
 */
import type { RecipeNetworkName } from "@fauxgrad/tgd";

/** Multiply-accumulates of one forward pass at 128 pixels in 10⁹, by their layers. */
const GMAC: Readonly<Record<RecipeNetworkName, number>> = {
  tgd_efficientnet_b0: 0.126,
  efficientnet_b0: 0.126,
  tgd_resnext50_32x4d: 1.381,
  small_cnn: 0.035,
  forensic_transfer: 0.11,
};
/** Weights and the optimizer's memory in bytes. */
const WEIGHT_BYTES: Readonly<Record<RecipeNetworkName, number>> = {
  tgd_efficientnet_b0: 16e6,
  efficientnet_b0: 16e6,
  tgd_resnext50_32x4d: 92e6,
  small_cnn: 0.9e6,
  forensic_transfer: 0.8e6,
};
const FULL = 128;
const FLOP_PER_MAC = 2;

/** Of a score in the files of an evaluation. */
export const SCORE_BYTES = 400;

/** 10⁹ operations for a score. */
export function tgdScoreGflop(network: RecipeNetworkName, side: number): number {
  return FLOP_PER_MAC * GMAC[network] * (side / FULL) ** 2;
}

/** 10⁹ operations for a training image: forward, two backward; the teacher's forward. */
export function tgdTrainingGflop(
  network: RecipeNetworkName,
  side: number,
  hasTeacher: boolean,
): number {
  return (hasTeacher ? 4 : 3) * tgdScoreGflop(network, side);
}

/** Two models, and while it runs two checkpoints of student, momentum and teacher. */
export function tgdTrainingBytes(network: RecipeNetworkName): number {
  return (2 + 2 * 3) * WEIGHT_BYTES[network];
}

/** What the estimates of T-GD's steps assume. */
export const TGD_ASSUMPTIONS: readonly string[] = [
  "Operations: a training image is three passes through its network, four with a teacher; by the " +
    "networks' counts of multiplications. Small depthwise convolutions reach less of a GPU's speed.",
  "Validation after each epoch comes on top.",
];
