// The networks, one entry each. An option's value was checked before `create` sees it.

import { ClipResNet, isTextTower } from "./clip-resnet.ts";
import type { DiscriminatorOptions } from "./discriminators/architecture.ts";
import type { MinibatchStddevOptions } from "./discriminators/discriminator.ts";
import { toGenforceNames } from "./discriminators/key-names.ts";
import { PgganDiscriminator, type PgganOptions } from "./discriminators/pggan.ts";
import { StyleganDiscriminator, type StyleganOptions } from "./discriminators/stylegan.ts";
import { Stylegan2Discriminator } from "./discriminators/stylegan2.ts";
import { EfficientNet, type EfficientNetOptions } from "./efficientnet.ts";
import { efficientNetStages } from "./efficientnet-table.ts";
import { IdinvertEncoder } from "./idinvert-encoder.ts";
import { InceptionV3, type InceptionV3Options, isAuxiliary } from "./inception-v3.ts";
import type { ModelName } from "./model-names.ts";
import {
  deeplab,
  EFFICIENTNET_PAPER,
  type Entry,
  INCEPTION_PAPER,
  keras,
  RESNEXT_PAPER,
  type ReducedClassifier,
  type ReducedEfficientNet,
  resnext,
  STAGES,
  SUMMED_LOGITS,
  TGD_PAPER,
} from "./registry-families.ts";
import {
  discriminatorOptions,
  flag,
  imagenet,
  images,
  integer,
  numClasses,
  signed,
  twoClasses,
  unit,
} from "./registry-parts.ts";
import { ResNet } from "./resnet.ts";
import { SmallCnn, type SmallCnnOptions } from "./small-cnn.ts";
import { normalizations } from "./transforms/index.ts";
import { Vgg16, type Vgg16Options } from "./vgg.ts";
import { VisionTransformer, type VisionTransformerOptions } from "./vision-transformer.ts";
import { hasTimmNames, toTorchvisionNames } from "./vit-names.ts";

/** All networks. */
export const modelTable: Readonly<Record<ModelName, Entry>> = {
  pggan: {
    title: "ProGAN discriminator",
    paper:
      "Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and " +
      "Variation, ICLR 2018",
    input: signed,
    summedOutput: "scores [N, 1 + labelSize]",
    options: [
      ...discriminatorOptions(16_384, 16),
      flag("fusedScale", false, "whether it was trained with NVIDIA's fused down-sampling"),
    ],
    create(state, options: PgganOptions & DiscriminatorOptions) {
      return state === null
        ? new PgganDiscriminator(options)
        : PgganDiscriminator.fromState(state, options);
    },
  },
  stylegan: {
    title: "StyleGAN discriminator",
    paper:
      "Karras et al., A Style-Based Generator Architecture for Generative Adversarial Networks, " +
      "CVPR 2019",
    input: signed,
    summedOutput: "scores [N, 1]",
    options: [
      ...discriminatorOptions(16_384, 4),
      flag("fusedScale", true, "convolution and mean as one: faster, the same up to rounding"),
    ],
    create(state, options: StyleganOptions & DiscriminatorOptions) {
      return state === null
        ? new StyleganDiscriminator(options)
        : StyleganDiscriminator.fromState(state, options);
    },
  },
  stylegan2: {
    title: "StyleGAN2 discriminator (config-f)",
    paper: "Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020",
    input: signed,
    summedOutput: "scores [N, 1]",
    options: discriminatorOptions(32_768, 4),
    rename: toGenforceNames,
    create(state, options: MinibatchStddevOptions & DiscriminatorOptions) {
      return state === null
        ? new Stylegan2Discriminator(options)
        : Stylegan2Discriminator.fromState(state, options);
    },
  },
  vgg16: {
    title: "VGG16",
    paper:
      "Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image " +
      "Recognition, ICLR 2015",
    input: imagenet(224, 224),
    summedOutput: "logits [N, numClasses]",
    options: [numClasses],
    create(state, options: Vgg16Options) {
      return state === null ? new Vgg16(options) : Vgg16.fromState(state);
    },
  },
  resnet50: {
    title: "ResNet-50 (v1.5)",
    paper: "He et al., Deep Residual Learning for Image Recognition, CVPR 2016",
    input: imagenet(224, 1),
    summedOutput: SUMMED_LOGITS,
    options: [numClasses, integer("widthPercent", 100, "channels in percent of ResNet-50's")],
    create(state, { widthPercent = 100, ...rest }: ReducedClassifier) {
      if (state !== null) return ResNet.fromState(state);
      return new ResNet("resnet50", { ...rest, widthMultiplier: widthPercent / 100 });
    },
  },
  inception_v3: {
    title: "Inception-V3 (torchvision)",
    paper: INCEPTION_PAPER,
    input: imagenet(299, 75),
    summedOutput: "logits [N, numClasses]",
    options: [
      numClasses,
      flag("transformInput", true, "map the input back to [-1, 1] first, as its weights want it"),
    ],
    isUnused: isAuxiliary,
    create(state, options: InceptionV3Options) {
      return state === null ? new InceptionV3(options) : InceptionV3.fromState(state, options);
    },
  },
  inception_v3_nsfwjs: {
    title: "Inception-V3 (nsfwjs), without its head",
    paper: INCEPTION_PAPER,
    input: images(299, 75, "[0, 1]", unit),
    summedOutput: "features [N, 2048], the mean of the last maps",
    options: [
      { ...integer("blocks", 11, "how many of its blocks, from the first"), range: [1, 11] },
    ],
    create(state, options: Pick<InceptionV3Options, "blocks">) {
      return state === null
        ? new InceptionV3({ ...keras, numClasses: 0, ...options })
        : InceptionV3.fromState(state, keras);
    },
  },
  clip_rn50: {
    title: "CLIP ResNet-50, visual tower",
    paper:
      "Radford et al., Learning Transferable Visual Models From Natural Language Supervision, " +
      "ICML 2021",
    input: images(224, null, "CLIP-normalised", normalizations.clip),
    summedOutput: "embeddings [N, 1024], not normalised",
    options: [],
    isUnused: isTextTower,
    create(state) {
      return state === null ? new ClipResNet() : ClipResNet.fromState(state);
    },
  },
  vit_b_16: {
    title: "Vision transformer ViT-B/16",
    paper: "Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021",
    input: imagenet(224, null),
    summedOutput: "logits [N, numClasses]",
    options: [
      numClasses,
      integer("heads", 12, "heads of the attention, which weights do not tell", false),
    ],
    rename: toTorchvisionNames,
    inputOf: (names) =>
      hasTimmNames(names) ? { range: "[-1, 1]", normalization: normalizations.half } : {},
    create(state, options: Pick<VisionTransformerOptions, "heads" | "numClasses">) {
      return state === null
        ? new VisionTransformer(options)
        : VisionTransformer.fromState(state, options);
    },
  },
  deeplabv3_resnet50: deeplab("resnet50", "ResNet-50"),
  deeplabv3_resnet101: deeplab("resnet101", "ResNet-101"),
  idinvert_encoder: {
    title: "Idinvert encoder",
    paper: "Zhu et al., In-Domain GAN Inversion for Real Image Editing, ECCV 2020",
    input: signed,
    summedOutput: "codes [N, 7168]",
    options: [],
    create(state) {
      return state === null ? new IdinvertEncoder() : IdinvertEncoder.fromState(state);
    },
  },
  efficientnet_b0: {
    title: "EfficientNet-B0 (torchvision)",
    paper: EFFICIENTNET_PAPER,
    input: imagenet(224, 1),
    summedOutput: SUMMED_LOGITS,
    options: [numClasses, integer("widthPercent", 100, "channels in percent of B0's", false)],
    create(state, { widthPercent = 100, ...rest }: ReducedClassifier) {
      const options = { form: "torchvision", widthMultiplier: widthPercent / 100 } as const;
      return state === null
        ? new EfficientNet({ ...rest, ...options })
        : EfficientNet.fromState(state, options);
    },
  },
  resnext50_32x4d: {
    title: "ResNeXt-50 32x4d (torchvision)",
    paper: RESNEXT_PAPER,
    input: imagenet(224, 1),
    options: [numClasses],
    ...resnext("torchvision"),
  },
  tgd_efficientnet_b0: {
    title: "T-GD's EfficientNet-B0 (weight standardisation, group norm)",
    paper: TGD_PAPER,
    input: imagenet(128, 32),
    summedOutput: SUMMED_LOGITS,
    options: [
      twoClasses,
      flag("standardizeSE", true, "standardise squeeze and excitation too, as the authors do"),
      {
        key: "padding",
        kind: ["frozen", "same"],
        default: "frozen",
        inferred: false,
        text: "the authors', for sides that 32 divides, or TensorFlow's for any side",
      },
      {
        ...integer("stages", STAGES, "how many of B0's stages, from the first", false),
        range: [1, STAGES],
      },
      integer("widthPercent", 100, "channels in percent of B0's", false),
      { ...integer("normGroups", 8, "groups of every group norm", false), range: [1, 8] },
    ],
    create(state, { stages, widthPercent, ...rest }: ReducedEfficientNet) {
      const options: EfficientNetOptions = {
        ...rest,
        ...(stages === undefined ? {} : { stages: efficientNetStages.slice(0, Number(stages)) }),
        ...(widthPercent === undefined ? {} : { widthMultiplier: widthPercent / 100 }),
      };
      return state === null ? new EfficientNet(options) : EfficientNet.fromState(state, options);
    },
  },
  tgd_resnext50_32x4d: {
    title: "T-GD's ResNeXt-50 32x4d (weight standardisation, group norm)",
    paper: TGD_PAPER,
    input: imagenet(128, 1),
    options: [twoClasses],
    ...resnext("tgd"),
  },
  small_cnn: {
    title: "Small network of four convolutions, a baseline",
    paper: "none: this project's; docs/results.md shows it beside LGrad and T-GD",
    input: imagenet(128, 16),
    summedOutput: SUMMED_LOGITS,
    options: [twoClasses, integer("width", 24, "channels of the first convolution")],
    create(state, options: SmallCnnOptions) {
      return state === null ? new SmallCnn(options) : SmallCnn.fromState(state);
    },
  },
};
