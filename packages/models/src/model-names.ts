/** The networks' names. */
export const modelNames = [
  "pggan",
  "stylegan",
  "stylegan2",
  "vgg16",
  "resnet50",
  "inception_v3",
  "inception_v3_nsfwjs",
  "clip_rn50",
  "vit_b_16",
  "deeplabv3_resnet50",
  "deeplabv3_resnet101",
  "idinvert_encoder",
  "efficientnet_b0",
  "resnext50_32x4d",
  "tgd_efficientnet_b0",
  "tgd_resnext50_32x4d",
  "small_cnn",
] as const;

/** A network's name. */
export type ModelName = (typeof modelNames)[number];
