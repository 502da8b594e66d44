// What the entries of the registry are put together from: options and inputs that several share.

import type { InputContract, OptionDescription } from "./registry.ts";
import { type Normalization, normalizations } from "./transforms/index.ts";

/** An option that is a whole number. */
export function integer(
  key: string,
  value: number,
  text: string,
  inferred = true,
): OptionDescription {
  return { key, kind: "integer", default: value, inferred, text };
}

/** An option that is on or off. */
export function flag(
  key: string,
  value: boolean,
  text: string,
  inferred = false,
): OptionDescription {
  return { key, kind: "boolean", default: value, inferred, text };
}

/** Options of the three discriminators. */
export function discriminatorOptions(fmapsBase: number, groupSize: number): OptionDescription[] {
  return [
    {
      key: "minibatchStddev",
      kind: ["per-sample", "batch"],
      default: "per-sample",
      inferred: false,
      text: "images alone, as LGrad runs them, or in groups of the batch, as in training",
    },
    integer("groupSize", groupSize, "images of a group, where they are in groups", false),
    integer("resolution", 256, "side of the images: 8, 16, …, 1024"),
    integer("imageChannels", 3, "channels of the images"),
    integer("labelSize", 0, "size of the label of a conditional network"),
    integer("fmapsBase", fmapsBase, "channels at side r: min(fmapsBase / r, fmapsMax)"),
    integer("fmapsMax", 512, "most channels of a layer"),
    flag("stddevChannel", true, "whether the minibatch's deviation is a channel", true),
  ];
}

/** An input of three channels; `smallest` is null where only `size` is taken. */
export function images(
  size: number,
  smallest: number | null,
  range: string,
  normalization: Normalization,
): InputContract {
  return { size, smallest, channels: 3, range, normalization };
}

/** What GANs take. */
export const signed = images(256, null, "[-1, 1]", normalizations.half);
/** ImageNet's classes, or as many as the weights have. */
export const numClasses = integer("numClasses", 1000, "outputs");
/** Real and fake. */
export const twoClasses = integer("numClasses", 2, "outputs");
/** `[0, 1]` as it is. */
export const unit: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };
/** What torchvision's classifiers take. */
export const imagenet = (size: number, smallest: number | null) =>
  images(size, smallest, "ImageNet-normalised", normalizations.imagenet);
