// The gradient of a frozen network's summed outputs with respect to its input. Every image's
// outputs depend on that image alone, so that the gradient of a batch's sum holds each image's own.
// (In batch mode, a discriminator's minibatch deviation breaks that on purpose.)

import type { InputContract } from "@fauxgrad/models";
import {
  gradientToImage,
  type Normalization,
  normalize,
  type RgbImage,
} from "@fauxgrad/models/transforms";
import {
  enableGrad,
  type Gpu,
  ones,
  ShapeError,
  scope,
  type Tensor,
  UsageError,
  zeros,
} from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { RepeatedStep, type StepWork } from "@fauxgrad/training";

/** What {@link inputGradient} computes; both tensors belong to the scope around the call. */
export interface InputGradient {
  /** The network's output, `[N, …]`. */
  readonly output: Tensor;
  /** `∂(Σ output) / ∂input`, of the input's shape. */
  readonly gradient: Tensor;
}

/**
 * `∂(Σ network(input)) / ∂input` with the sum over all outputs of all images.
 *
 * Weights get no gradient. What the backward pass needs is freed as it goes; only output and
 * gradient are left.
 *
 * @param network with frozen weights: `network.requiresGrad_(false)`
 * @param input   `[N, H, W, C]`, normalised as the network wants it; it stays as it is
 * @throws {UsageError} if a weight is not frozen
 * @throws {ShapeError} if the network takes no such input
 * @see Tan et al., "Learning on Gradients: Generalized Artifacts Representation for GAN-Generated
 *   Images Detection", CVPR 2023, section 3.1
 */
export function inputGradient(network: Layer, input: Tensor): InputGradient {
  requireFrozen(network);
  return scope(() =>
    enableGrad(() => {
      const leaf = input.detach();
      leaf.requiresGrad = true;
      const output = network.forward(leaf);
      output.backward(ones(output.gpu, output.shape));
      const gradient = leaf.grad;
      if (gradient === null) throw new Error("inputGradient: no gradient reached the input");
      return { output: output.detach(), gradient };
    }),
  );
}

function requireFrozen(network: Layer): void {
  const trainable = [...network.namedParameters()]
    .filter(([, { requiresGrad }]) => requiresGrad)
    .map(([name]) => name);
  if (trainable.length === 0) return;
  const more = trainable.length > 3 ? `, … (${trainable.length} in all)` : "";
  throw new UsageError(
    "inputGradient: the network's weights want gradients of their own\n" +
      `  weights  ${trainable.slice(0, 3).join(", ")}${more}\n` +
      "Call network.requiresGrad_(false) first.",
  );
}

/** One image's gradient. */
export interface ImageGradient {
  /** `[H, W, 3]`, R G B, with respect to the normalised input. */
  readonly gradient: Float32Array<ArrayBuffer>;
  /** The gradient as LGrad's classifiers see it: one minimum and maximum, 8 bits. */
  readonly bytes: RgbImage;
}

/** Gradients of batches of one size, again and again: input and gradient, `[N, H, W, 3]`. */
export type RepeatedGradient = RepeatedStep<Tensor, Tensor>;

/**
 * Gradients of images that have the network's size, `[H, W, 3]` each, in one batch.
 *
 * @param repeated made for the network; of batches that follow each other, those of one size are
 *   replayed
 * @throws {ShapeError} if the images differ in size, or the network takes another
 */
export async function imageGradients(
  gpu: Gpu,
  network: Layer,
  images: readonly RgbImage[],
  normalization: Normalization,
  repeated: RepeatedGradient | null = null,
): Promise<Float32Array<ArrayBuffer>[]> {
  const [first] = images;
  if (first === undefined) return [];
  requireFrozen(network);
  const { width, height } = first;
  const size = width * height * 3;
  const pixels = new Float32Array(images.length * size);
  for (const [i, image] of images.entries()) {
    requireSameSize(image, first, i);
    normalize(image, normalization, pixels.subarray(i * size, (i + 1) * size));
  }
  const shape = [images.length, height, width, 3];
  const step = repeated ?? new RepeatedStep<Tensor, Tensor>(gpu, [network]);
  const work: StepWork<Tensor, Tensor> = {
    inputs: () => zeros(gpu, shape),
    write: (input) => gpu.write(input.data, pixels),
    encode: (input) => inputGradient(network, input).gradient,
  };
  try {
    const gradients = await step.run(shape.join(), work, (gradient) => gradient.read());
    return images.map((_, i) => gradients.slice(i * size, (i + 1) * size));
  } finally {
    if (repeated === null) step.release();
  }
}

function requireSameSize(image: RgbImage, first: RgbImage, i: number): void {
  if (image.width === first.width && image.height === first.height) return;
  throw new ShapeError(
    "imageGradients: the images of a batch differ in size\n" +
      `  image 0  ${first.width} x ${first.height}\n` +
      `  image ${i}  ${image.width} x ${image.height}\nResize them to one size first.`,
  );
}

/**
 * LGrad's transformation of one image that has the network's size: normalise, differentiate,
 * rescale to 8 bits.
 *
 * @throws {ShapeError} if the network takes another size
 */
export async function gradientImage(
  gpu: Gpu,
  network: Layer,
  image: RgbImage,
  { normalization }: Pick<InputContract, "normalization">,
): Promise<ImageGradient> {
  const [gradient] = await imageGradients(gpu, network, [image], normalization);
  if (gradient === undefined) throw new Error("gradientImage: no gradient");
  return withBytes(gradient, image);
}

/** A gradient with its picture. */
export function withBytes(
  gradient: Float32Array<ArrayBuffer>,
  size: Pick<RgbImage, "width" | "height">,
): ImageGradient {
  return { gradient, bytes: gradientToImage(gradient, size) };
}
