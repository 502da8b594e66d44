/*
 * What a training minimises, on one part of a batch. The loss stays on the device; what the network
 * put out is read for accuracies and scores.
 */
import { crossEntropy, type Tensor } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";

/** Labels of a batch's images. */
export interface BatchLabels {
  /** 0 real, 1 fake. */
  readonly own: ArrayLike<number>;
  /** Of the images that were mixed in; null where labels stay as they are. */
  readonly partner: ArrayLike<number> | null;
  /** λ': weight of the own label. */
  readonly ownWeight: number;
}

/** Part of a batch, from `begin` on. */
export interface BatchPart {
  /** `[n, H, W, 3]` */
  readonly input: Tensor;
  /** `[n, 2]`: class probabilities, as {@link targetsOf} makes them. */
  readonly targets: Tensor;
  readonly labels: BatchLabels;
  readonly begin: number;
}

/** Loss and output of a part. */
export interface PartResult {
  /** `[]`: mean over the part's images. */
  readonly loss: Tensor;
  /** `[n, columns]`, without history. */
  readonly outputs: Tensor;
}

/** What is minimised. */
export interface Objective {
  /** Numbers of an image in the outputs. */
  readonly columns: number;
  /** Whether {@link partOf} depends on the labels on the host: its steps cannot be replayed then. */
  readonly readsLabels: boolean;
  /** Of the part, recorded for its gradient. */
  partOf(part: BatchPart): PartResult;
  /** `[n, columns]`, as {@link partOf} gives them. */
  outputs(input: Tensor): Tensor;
  /** What images are ranked by: the higher, the more likely fake; above 0 is fake. */
  score(outputs: ArrayLike<number>, image: number): number;
  /** Of an image, in float64; NaN where the outputs do not decide it. */
  loss(outputs: ArrayLike<number>, image: number, label: number): number;
}

/** Class probabilities `[n, 2]` of a part's images: 1 at the label, or λ' and 1 − λ'. */
export function targetsOf({ own, partner, ownWeight }: BatchLabels, begin: number, n: number) {
  const targets = new Float32Array(2 * n);
  for (let i = 0; i < n; i += 1) {
    const image = begin + i;
    targets[2 * i + own[image]!]! += partner === null ? 1 : ownWeight;
    if (partner !== null) targets[2 * i + partner[image]!]! += 1 - ownWeight;
  }
  return targets;
}

/** What a batch's scores say. */
export interface BatchScores {
  /** Images on whose side of 0 the score is. */
  readonly correct: number;
  /** The cross-entropy if all images had their mean score; ln 2 where that is 0. */
  readonly constantLoss: number;
}

/** Counts and compares the scores of a batch. */
export function scoreBatch(
  objective: Objective,
  outputs: ArrayLike<number>,
  labels: ArrayLike<number>,
): BatchScores {
  const images = labels.length;
  let [correct, sum, fakes] = [0, 0, 0];
  for (let i = 0; i < images; i += 1) {
    const score = objective.score(outputs, i);
    if (score > 0 === (labels[i] === 1)) correct += 1;
    if (labels[i] === 1) fakes += 1;
    sum += score;
  }
  const mean = sum / images;
  // ln(1 + e^m) of a real image, m less of a fake one.
  const constantLoss =
    Math.max(mean, 0) + Math.log1p(Math.exp(-Math.abs(mean))) - (mean * fakes) / images;
  return { correct, constantLoss };
}

/** Mean cross-entropy of two logits over a part's images. */
export function partCrossEntropy(
  network: Layer,
  { input, targets }: Pick<BatchPart, "input" | "targets">,
): PartResult {
  const logits = network.forward(input);
  return { loss: crossEntropy(logits, targets), outputs: logits.detach() };
}

/** Cross-entropy of a classifier with two logits: real, fake. */
export class ClassifierObjective implements Objective {
  readonly columns = 2;
  readonly readsLabels = false;
  readonly #network: Layer;

  constructor(network: Layer) {
    this.#network = network;
  }

  partOf(part: BatchPart): PartResult {
    return partCrossEntropy(this.#network, part);
  }

  outputs(input: Tensor): Tensor {
    return this.#network.forward(input);
  }

  /** `z₁ − z₀` */
  score(outputs: ArrayLike<number>, image: number): number {
    return outputs[2 * image + 1]! - outputs[2 * image]!;
  }

  /** `ln(1 + e^−m)` of the label's margin `m`. */
  loss(outputs: ArrayLike<number>, image: number, label: number): number {
    const margin = this.score(outputs, image) * (label === 1 ? 1 : -1);
    return Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)));
  }
}
