/*
 * What LGrad's steps cost, for plans.
 */
import type { ModelName } from "@fauxgrad/models";

/**
 * Multiply-accumulates of one forward pass in 10⁹, at the side at which LGrad uses the network:
 * the discriminators' as counted by their layers, the others' as their authors or torchvision give
 * them, scaled by the area of the image.
 */
const GMAC: Readonly<Partial<Record<ModelName, number>>> = {
  pggan: 28.1,
  stylegan: 18.3,
  stylegan2: 46.5,
  vgg16: 20.2,
  resnet50: 5.4,
  inception_v3: 5.7,
  inception_v3_nsfwjs: 4.2,
  clip_rn50: 6.1,
  vit_b_16: 17.6,
  deeplabv3_resnet50: 43.3,
  deeplabv3_resnet101: 62.7,
  idinvert_encoder: 30,
};
/** Of a network that the table does not have. */
const UNKNOWN_GMAC = 20;
/** A discriminator of {@link GMAC} has 256 pixels. */
const FULL = 256;

const FLOP_PER_MAC = 2;
/** ResNet-50, at a side of 224. */
const CLASSIFIER_GMAC = 4.1;
const CLASSIFIER_SIDE = 224;

/** Of a gradient image of 256 × 256: nearly noise, which PNG hardly compresses. */
export const GRADIENT_BYTES = 150_000;
/** Of a training: the last and the best model; while it runs two checkpoints with Adam's moments. */
export const TRAINING_BYTES = 2 * 94e6 + 2 * 282e6;
/** Of a prediction in the files of an evaluation. */
export const PREDICTION_BYTES = 300;

/** 10⁹ operations for a gradient: forward, and backward to the input. */
export function gradientGflop(network: ModelName, side: number | null): number {
  const scale = side === null ? 1 : (side / FULL) ** 2;
  return 2 * FLOP_PER_MAC * (GMAC[network] ?? UNKNOWN_GMAC) * scale;
}

/** 10⁹ operations for a training image: forward, backward to the input and to the weights. */
export function trainingGflop(crop: number): number {
  return 3 * scoreGflop(crop);
}

/** 10⁹ operations for the classifier's logit. */
export function scoreGflop(side: number): number {
  return FLOP_PER_MAC * CLASSIFIER_GMAC * (side / CLASSIFIER_SIDE) ** 2;
}

/** What the estimates of LGrad's steps assume. */
export const LGRAD_ASSUMPTIONS: readonly string[] = [
  "Operations: a gradient is two passes through its network, a training image three through " +
    "ResNet-50, by published counts of multiplications.",
  `Disk: ${GRADIENT_BYTES / 1000} kB for a gradient image; a training keeps 188 MB and needs ` +
    "752 MB while it runs.",
];
