/*
 * ForensicTransfer as T-GD's authors re-implemented it, the second baseline: an autoencoder of whose
 * latent channels each class owns half. The loss wants the class's own channels to be active, the
 * others silent; what is ranked is the share of the fake half.
 *
 *     a[n, c] = Σ_hw |h[n, h, w, c]| / divisor
 *     L = Σ_n Σ_c |a[n, c] − (1 if c belongs to label n, else 0)| + weight · mean |x̂ − x|
 *
 * The divisor, 225 = 15², is left from another input size; at 128 pixels a map has 64 elements. The
 * first term is a sum over the batch, as coded, which outweighs the second: Adam makes up for it.
 */
import type { ForensicTransfer } from "@fauxgrad/models";
import {
  abs,
  add,
  affine,
  concat,
  formatShape,
  mean,
  reshape,
  ShapeError,
  scope,
  sub,
  sum,
  type Tensor,
  tensor,
} from "@fauxgrad/tensor";
import type { BatchPart, Objective, PartResult } from "./objective.ts";
import type { ForensicTransferRecipe } from "./recipe.ts";

/** As coded. */
export const codedForensicTransfer: ForensicTransferRecipe = {
  activationDivisor: 225,
  reconstructionWeight: 0.1,
};

/**
 * The sum of each latent map: `a[n, c] = Σ_hw |latent[n, h, w, c]| / divisor`.
 *
 * @param latent `[N, H, W, C]`, both halves
 * @returns `[N, C]`
 */
export function forensicTransferActivations(latent: Tensor, divisor: number): Tensor {
  return scope(() => affine(sum(abs(latent), [1, 2]), 1 / divisor));
}

/**
 * The loss of a batch, summed over its images but for the reconstruction, which is a mean.
 *
 * @param latent         `[N, h, w, C]`: label 0 owns the first half of the channels, 1 the second
 * @param reconstruction `[N, H, W, 3]`, decoded from the labels' halves
 * @param input          `[N, H, W, 3]` in [0, 1]
 * @param labels         0 or 1 for each image
 * @returns `[]`
 * @throws {ShapeError} if there is not one label for each image, or the images' shapes differ
 * @see Cozzolino et al., "ForensicTransfer", 2018; the specification of T-GD, §5.2
 */
export function forensicTransferLoss(
  latent: Tensor,
  reconstruction: Tensor,
  input: Tensor,
  labels: ArrayLike<number>,
  { activationDivisor, reconstructionWeight }: ForensicTransferRecipe = codedForensicTransfer,
): Tensor {
  checkShapes(latent, reconstruction, input, labels);
  return scope(() => {
    const activations = forensicTransferActivations(latent, activationDivisor);
    const error = mean(abs(sub(reconstruction, input)));
    return add(activationLoss(activations, labels), affine(error, reconstructionWeight));
  });
}

/** `Σ |a − target|`: `|1 − a|` for the label's channels, `a` for the others, as `a ≥ 0`. */
function activationLoss(activations: Tensor, labels: ArrayLike<number>): Tensor {
  const { gpu, shape } = activations;
  const [n = 0, channels = 0] = shape;
  const targets = new Float32Array(n * channels);
  for (let i = 0; i < n; i += 1) {
    const first = i * channels + (labels[i]! * channels) / 2;
    targets.fill(1, first, first + channels / 2);
  }
  return sum(abs(sub(activations, tensor(gpu, targets, shape))));
}

/**
 * The share of the second half: `Σ a[C/2 …] / Σ a`, in [0, 1], the higher the more likely fake. ½
 * where nothing is active.
 *
 * @param activations one image's, `[C]`; their divisor cancels out
 */
export function forensicTransferScore(activations: ArrayLike<number>): number {
  let real = 0;
  let fake = 0;
  for (let c = 0; c < activations.length; c += 1) {
    if (2 * c < activations.length) real += Math.abs(activations[c]!);
    else fake += Math.abs(activations[c]!);
  }
  return real + fake === 0 ? 0.5 : fake / (real + fake);
}

/** The channels that the score and the loss of an image are made from. */
const CHANNELS = 128;

/**
 * What a {@link TgdTrainer} minimises to train a ForensicTransfer. Its outputs of an image are the
 * 128 activations and the mean error of the reconstruction.
 *
 * Parts of a batch add up to the loss of the whole, but batch normalisation sees each part alone:
 * whoever wants the authors' moments trains without parts.
 */
export class ForensicTransferObjective implements Objective {
  readonly columns = CHANNELS + 1;
  /** Each image's label chooses what is decoded. */
  readonly readsLabels = true;
  readonly #network: Pick<ForensicTransfer, "encode" | "decode">;
  readonly #recipe: ForensicTransferRecipe;

  constructor(
    network: Pick<ForensicTransfer, "encode" | "decode">,
    recipe: ForensicTransferRecipe = codedForensicTransfer,
  ) {
    this.#network = network;
    this.#recipe = recipe;
  }

  partOf({ input, labels, begin }: Omit<BatchPart, "targets">): PartResult {
    const [n = 0] = input.shape;
    const own = Array.from({ length: n }, (_, i) => labels.own[begin + i]!);
    const { activations, errors } = this.#measured(input, own);
    // The trainer weighs a part's loss by its share of the images: a sum is taken n times larger.
    const images = labels.own.length / n;
    const loss = scope(() =>
      add(
        affine(activationLoss(activations, own), images),
        affine(mean(errors), this.#recipe.reconstructionWeight),
      ),
    );
    return { loss, outputs: concat([activations.detach(), errors.detach()], 1) };
  }

  /**
   * The reconstruction is the fake half's, whatever the image is: so it is where the authors
   * validate, and only the reported loss knows it.
   */
  outputs(input: Tensor): Tensor {
    const [n = 0] = input.shape;
    return scope(() => {
      const { activations, errors } = this.#measured(input, new Array<number>(n).fill(1));
      return concat([activations, errors], 1);
    });
  }

  /** The share of the fake half, less ½. */
  score(outputs: ArrayLike<number>, image: number): number {
    return forensicTransferScore(this.#activationsOf(outputs, image)) - 0.5;
  }

  /** `Σ_c |a_c − target_c| + weight · error`, of one image. */
  loss(outputs: ArrayLike<number>, image: number, label: number): number {
    const distance = this.#activationsOf(outputs, image).reduce(
      (total, value, c) => total + Math.abs(value - (2 * c < CHANNELS === (label === 0) ? 1 : 0)),
      0,
    );
    const error = outputs[image * this.columns + CHANNELS]!;
    return distance + this.#recipe.reconstructionWeight * error;
  }

  #activationsOf(outputs: ArrayLike<number>, image: number): number[] {
    return Array.from({ length: CHANNELS }, (_, c) => outputs[image * this.columns + c]!);
  }

  /** Activations `[n, 128]` and mean errors of the reconstruction `[n, 1]`. */
  #measured(input: Tensor, labels: readonly number[]) {
    return scope(() => {
      const latent = this.#network.encode(input);
      const reconstruction = this.#network.decode(latent, labels);
      const activations = forensicTransferActivations(latent, this.#recipe.activationDivisor);
      const error = mean(abs(sub(reconstruction, input)), [1, 2, 3]);
      return { activations, errors: reshape(error, [labels.length, 1]) };
    });
  }
}

function checkShapes(
  latent: Tensor,
  reconstruction: Tensor,
  input: Tensor,
  labels: ArrayLike<number>,
): void {
  const [n, , , channels = 1] = latent.shape;
  const isSame = formatShape(reconstruction.shape) === formatShape(input.shape);
  const areLabels = Array.from(labels).every((label) => label === 0 || label === 1);
  const fits = latent.shape.length === 4 && channels % 2 === 0 && n === input.shape[0];
  if (fits && isSame && areLabels && labels.length === n) return;
  throw new ShapeError(
    "forensicTransferLoss: latent maps, images and labels do not fit\n" +
      `  latent          ${formatShape(latent.shape)}\n` +
      `  reconstruction  ${formatShape(reconstruction.shape)}\n` +
      `  input           ${formatShape(input.shape)}\n` +
      `  labels          ${Array.from(labels).slice(0, 8).join(", ")} (${labels.length} in all)\n` +
      "Pass [N, h, w, C] with even C, two times [N, H, W, 3], and N labels that are 0 or 1.",
  );
}
