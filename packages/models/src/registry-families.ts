// What an entry of the registry is, and what entries of one family share.

import type { Shape } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { DeepLabV3, type DeepLabV3Options, isAuxiliaryHead } from "./deeplabv3.ts";
import type { EfficientNetOptions } from "./efficientnet.ts";
import { efficientNetStages } from "./efficientnet-table.ts";
import type { InputContract, ModelOptions, OptionDescription } from "./registry.ts";
import { imagenet, integer } from "./registry-parts.ts";
import { ResNet, type ResNetName } from "./resnet.ts";
import type { ResNetForm } from "./resnet-block.ts";

/** What the registry knows about a network. */
export interface Entry {
  readonly title: string;
  readonly paper: string;
  readonly input: InputContract;
  readonly summedOutput: string;
  readonly options: readonly OptionDescription[];
  /** The names that other projects use, as ours. */
  readonly rename?: <T extends { readonly shape: Shape }>(
    tensors: ReadonlyMap<string, T>,
  ) => Map<string, T>;
  /** Whether a checkpoint's tensor is no part of the network. */
  readonly isUnused?: (name: string) => boolean;
  /** What these weights, by the names in their file, take other than `input`. */
  readonly inputOf?: (names: ReadonlyMap<string, unknown>) => Partial<InputContract>;
  /** From the shapes of its weights, or from options alone. */
  readonly create: (state: ReadonlyMap<string, Shape> | null, options: ModelOptions) => Layer;
}

/** Options of T-GD's EfficientNet: smaller ones are B0's first stages, with fewer channels. */
export interface ReducedEfficientNet
  extends Omit<EfficientNetOptions, "form" | "stages" | "widthMultiplier"> {
  readonly stages?: string;
  readonly widthPercent?: number;
}

/** Options of torchvision's classifiers: a narrower one has fewer channels in every layer. */
export interface ReducedClassifier {
  readonly numClasses?: number;
  readonly widthPercent?: number;
}

/** What Keras' network does differently from torchvision's. */
export const keras = { transformInput: false, countIncludePad: false } as const;
/** Papers that several entries name. */
export const INCEPTION_PAPER =
  "Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016";

/** DeepLabV3 on a backbone. */
export function deeplab(backbone: ResNetName, title: string): Entry {
  return {
    title: `DeepLabV3 (${title})`,
    paper:
      "Chen et al., Rethinking Atrous Convolution for Semantic Image Segmentation, " +
      "arXiv:1706.05587, 2017",
    input: imagenet(520, 1),
    summedOutput: "map of logits [N, H, W, numClasses], at the size of the image",
    options: [integer("numClasses", 21, "classes, the background's among them")],
    isUnused: isAuxiliaryHead,
    create(state, options: DeepLabV3Options) {
      return state === null ? new DeepLabV3(backbone, options) : DeepLabV3.fromState(state);
    },
  };
}

export const EFFICIENTNET_PAPER =
  "Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019";
export const RESNEXT_PAPER =
  "Xie et al., Aggregated Residual Transformations for Deep Neural Networks, CVPR 2017";
export const TGD_PAPER =
  "Jeon et al., T-GD: Transferable GAN-generated Images Detection Framework, ICML 2020";
/** What is summed of a classifier. */
export const SUMMED_LOGITS = "logits [N, numClasses]";
/** Stages of EfficientNet-B0. */
export const STAGES = efficientNetStages.length;

/** ResNeXt-50 in one of its forms. */
export function resnext(form: ResNetForm): Pick<Entry, "summedOutput" | "create"> {
  return {
    summedOutput: SUMMED_LOGITS,
    create(state, options: { numClasses?: number }) {
      return state === null
        ? new ResNet("resnext50_32x4d", { form, ...options })
        : ResNet.fromState(state, { form });
    },
  };
}
