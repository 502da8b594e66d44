import type { ModelName } from "@fauxgrad/models";
import type { ResizeFilter } from "@fauxgrad/models/transforms";

/** How LGrad uses a network. */
export interface Preset {
  /** Side that images are resized to; null for the network's own. */
  readonly size: number | null;
  /** Pillow's filter; the original PyTorch script has bilinear, its TensorFlow one bicubic. */
  readonly filter: ResizeFilter;
}

/** LGrad's images are 256 × 256, wherever a network takes them. */
const resized: Preset = { size: 256, filter: "bilinear" };
/** The size that the network was trained with, which its weights fix or its accuracy needs. */
const native: Preset = { size: null, filter: "bilinear" };

/**
 * Every network of the registry as a transformation model. Normalisations are the networks' own.
 *
 * @see Tan et al., "Learning on Gradients", CVPR 2023, tables 1 and 5; the sizes of the
 *   classification networks are not published
 */
export const presets: Readonly<Record<ModelName, Preset>> = {
  pggan: native,
  stylegan: native,
  stylegan2: native,
  vgg16: resized,
  resnet50: resized,
  inception_v3: native,
  // Cut off before its head, it has no size of its own.
  inception_v3_nsfwjs: resized,
  // As CLIP's own preprocessing.
  clip_rn50: { size: null, filter: "bicubic" },
  vit_b_16: native,
  deeplabv3_resnet50: resized,
  deeplabv3_resnet101: resized,
  idinvert_encoder: native,
  efficientnet_b0: resized,
  resnext50_32x4d: resized,
  // Detectors: of the other method, which take any multiple of 32, and a baseline.
  tgd_efficientnet_b0: resized,
  tgd_resnext50_32x4d: resized,
  small_cnn: resized,
};
