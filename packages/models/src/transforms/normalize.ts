import { checkImage, type RgbImage } from "./image.ts";

/** Mean and standard deviation per channel (R, G, B) on the scale [0, 1]. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The names of {@link normalizations}. */
export type NormalizationName = "half" | "imagenet" | "clip";

/** The constants that the networks of this project were trained with. */
export const normalizations: Readonly<Record<NormalizationName, Normalization>> = {
  /** To [-1, 1]: the GAN discriminators (LGrad's gradient script; genforce). */
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  /** torchvision.models, "ImageNet" weights; LGrad's classifier. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** openai/CLIP, clip/clip.py. */
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
};

/**
 * `output[y, x, c] = (image[y, x, c] / 255 - mean[c]) / std[c]`, every step rounded to float32.
 *
 * @param output `[H, W, 3]`, written in place: a part of a batch, or a new array
 * @returns `output`
 * @throws {RangeError} if `output` has another length than the image
 * @see torchvision's ToTensor and Normalize, which it matches bit for bit
 */
export function normalize(
  image: RgbImage,
  normalization: Normalization | NormalizationName,
  output: Float32Array<ArrayBuffer> = new Float32Array(image.width * image.height * 3),
): Float32Array<ArrayBuffer> {
  checkImage("normalize", image);
  if (output.length !== image.data.length) {
    throw new RangeError(
      `normalize: output has ${output.length} elements, the image ${image.data.length}\n` +
        `  image   ${image.width} x ${image.height}\n` +
        "Pass height x width x 3 elements.",
    );
  }
  const named = typeof normalization === "string" ? normalizations[normalization] : normalization;
  const table = byteTable(named);
  const { data } = image;
  for (let i = 0; i < data.length; i += 3) {
    output[i] = table[data[i]! * 3]!;
    output[i + 1] = table[data[i + 1]! * 3 + 1]!;
    output[i + 2] = table[data[i + 2]! * 3 + 2]!;
  }
  return output;
}

/** The 256 x 3 possible results. A Float32Array rounds what is stored; the rest needs fround. */
function byteTable({ mean, std }: Normalization): Float32Array {
  const table = new Float32Array(256 * 3);
  for (let byte = 0; byte < 256; byte += 1) {
    const unit = Math.fround(byte / 255);
    for (const channel of [0, 1, 2] as const) {
      const centred = Math.fround(unit - Math.fround(mean[channel]));
      table[byte * 3 + channel] = centred / Math.fround(std[channel]);
    }
  }
  return table;
}
