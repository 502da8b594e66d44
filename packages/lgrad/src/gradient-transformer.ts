import {
  type CreatedModel,
  createModel,
  type InputContract,
  loadModel,
  type ModelName,
  type ModelOptions,
} from "@fauxgrad/models";
import type { HostTensor } from "@fauxgrad/models/checkpoint";
import { type ResizeFilter, type RgbImage, resize } from "@fauxgrad/models/transforms";
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { RepeatedStep } from "@fauxgrad/training";
import {
  type ImageGradient,
  imageGradients,
  type RepeatedGradient,
  withBytes,
} from "./gradient-image.ts";
import { type Preset, presets } from "./presets.ts";

/** Where a network's weights come from: a checkpoint, or a seed for random ones. */
export type WeightSource =
  | { readonly weights: ReadonlyMap<string, HostTensor> }
  | { readonly seed: number };

/** Options of {@link GradientTransformer.create}. */
export interface GradientTransformerOptions {
  /** Options of the network, by the names that the registry gives them. */
  readonly model?: ModelOptions;
  /** Side that images are resized to; only for networks that take several. */
  readonly size?: number;
  /** Pillow's filter. Default: bilinear. */
  readonly filter?: ResizeFilter;
}

/**
 * Images to gradient images, LGrad's first half: a frozen network on a device, and the rules of its
 * input.
 *
 * ```ts
 * using transformer = GradientTransformer.create(gpu, "stylegan", { weights: checkpoint.tensors });
 * const [first] = await transformer.transform([photo]);
 * ```
 */
export class GradientTransformer {
  readonly name: ModelName;
  readonly network: Layer;
  readonly input: InputContract;
  /** Side of the gradients, and of what {@link gradients} takes. */
  readonly size: number;
  readonly filter: ResizeFilter;
  readonly #gpu: Gpu;
  readonly #repeated: RepeatedGradient;

  private constructor(gpu: Gpu, model: CreatedModel, size: number, filter: ResizeFilter) {
    this.#gpu = gpu;
    this.#repeated = new RepeatedStep(gpu, [model.network]);
    this.name = model.name;
    this.network = model.network;
    this.input = model.input;
    this.size = size;
    this.filter = filter;
  }

  /**
   * A network of the registry as a transformation model.
   *
   * @throws {UsageError} if there is none of that name, or an option or the size does not fit
   * @throws {CheckpointError} if the weights do not fit the network
   */
  static create(
    gpu: Gpu,
    name: string,
    source: WeightSource,
    { model: options = {}, size, filter }: GradientTransformerOptions = {},
  ): GradientTransformer {
    const model =
      "weights" in source
        ? loadModel(gpu, name, source.weights, options)
        : createModel(name, { options });
    try {
      const preset = presets[model.name];
      const side = chooseSize(model, preset, size);
      if ("seed" in source) model.network.to(gpu, { seed: source.seed });
      return new GradientTransformer(gpu, model, side, filter ?? preset.filter);
    } catch (error) {
      model.network.dispose();
      throw error;
    }
  }

  /**
   * Gradient images, resized to {@link size} first. Each is what it would be alone.
   *
   * @param images of any size
   */
  async transform(images: readonly RgbImage[]): Promise<ImageGradient[]> {
    const { size } = this;
    const target = { width: size, height: size };
    const resized = images.map((image) => resize(image, target, this.filter));
    const gradients = await this.gradients(resized);
    return gradients.map((gradient) => withBytes(gradient, target));
  }

  /**
   * Float gradients `[size, size, 3]` of images that have {@link size} already. Batches of one
   * number of images that follow each other are replayed: the second holds their memory.
   *
   * @throws {ShapeError} if they have not
   */
  gradients(images: readonly RgbImage[]): Promise<Float32Array<ArrayBuffer>[]> {
    const { normalization } = this.input;
    return imageGradients(this.#gpu, this.network, images, normalization, this.#repeated);
  }

  /** Frees the weights. */
  dispose(): void {
    this.#repeated.release();
    this.network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function chooseSize({ name, input }: CreatedModel, preset: Preset, size?: number): number {
  const side = size ?? preset.size ?? input.size;
  const { smallest } = input;
  const fits = smallest === null ? side === input.size : side >= smallest;
  if (fits && Number.isInteger(side)) return side;
  throw new UsageError(
    `${name}: images of ${side} x ${side} pixels do not fit the network\n` +
      `  takes  ${smallest === null ? `${input.size}` : `whole numbers from ${smallest}`}\n` +
      "Leave size out for the network's own.",
  );
}
