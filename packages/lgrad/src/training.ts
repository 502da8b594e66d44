// Training of the classifier: steps, and a state from which a run goes on to the same bits.
//
// Order of images, crops and flips are functions of the seed and the place in the run; nothing is
// drawn from a generator that lives. What has to be saved is thus the network, the optimizer's
// memory, and a few counters. A step is encoded at once and its loss arrives later, so that whoever
// trains can prepare and encode the next batch while the device works on this one. Steps of one shape
// that follow each other are captured and replayed.

import type { HostTensor } from "@fauxgrad/models/checkpoint";
import {
  affine,
  binaryCrossEntropyWithLogits,
  type Gpu,
  noGrad,
  type Random,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import { Adam, type Optimizer, SGD } from "@fauxgrad/tensor/optim";
import {
  BatchSampler,
  DivergenceGuard,
  equalParts,
  hostTensor,
  RepeatedStep,
  randomFor,
  type SampledBatch,
  type StepWork,
  section,
  TrainingDiverged,
} from "@fauxgrad/training";
import type { ClassifierBatch } from "./classifier-input.ts";
import { learningRateAt, type TrainerRecipe, type TrainingRecipe } from "./training-recipe.ts";
import {
  type EpochTotals,
  lossOf,
  type StepOutcome,
  type TrainerProgress,
  type TrainerState,
} from "./training-state.ts";

/** What is trained, on what, and how. */
export interface TrainerOptions<Recipe extends TrainerRecipe = TrainingRecipe> {
  /** `[N, H, W, 3]` to logits `[N, 1]`, on a device. */
  readonly network: Layer;
  /** Of all images of the training set, 0 real and 1 fake. */
  readonly labels: ArrayLike<number>;
  readonly recipe: Recipe;
  /** Most images at once on the device; a batch is cut into equal parts. Default: all. */
  readonly microBatch?: number;
}

/** Part of a batch on the device. */
interface PartInput {
  /** `[n, H, W, 3]` */
  readonly images: Tensor;
  /** `[n, 1]` */
  readonly targets: Tensor;
}

const NO_TOTALS: EpochTotals = { images: 0, lossSum: 0, correct: 0 };

/** Trains a network on a device. It does not own the network. */
export class Trainer<Recipe extends TrainerRecipe = TrainingRecipe> {
  readonly recipe: Recipe;
  readonly microBatch: number;
  readonly #gpu: Gpu;
  readonly #network: Layer;
  readonly #optimizer: Optimizer;
  readonly #sampler: BatchSampler;
  readonly #guard = new DivergenceGuard();
  readonly #steps: RepeatedStep<PartInput[], Tensor[]>;
  #step = 0;
  #epochsFinished = 0;
  #totals = NO_TOTALS;
  /** Settles when all steps so far have. */
  #settled: Promise<void> = Promise.resolve();

  /** @throws {RangeError} if there are no images, or the batch size is no positive integer */
  constructor(gpu: Gpu, { network, labels, recipe, microBatch }: TrainerOptions<Recipe>) {
    this.recipe = recipe;
    this.microBatch = microBatch ?? recipe.batchSize;
    this.#gpu = gpu;
    this.#network = network;
    const { optimizer, batchSize, seed, sampling, learningRate: lr } = recipe;
    const parameters = network.namedParameters();
    const adam = { lr, ...(recipe.betas === undefined ? {} : { betas: recipe.betas }) };
    this.#optimizer =
      optimizer === "adam" ? new Adam(parameters, adam) : new SGD(parameters, { lr });
    this.#sampler = new BatchSampler(labels, { batchSize, seed, sampling });
    this.#steps = new RepeatedStep(gpu, [network]);
  }

  /** Steps done so far, those whose loss has not arrived included. */
  get stepsDone(): number {
    return this.#step;
  }

  get stepsPerEpoch(): number {
    return this.#sampler.batchesPerEpoch;
  }

  /** Of the whole run. */
  get steps(): number {
    return this.stepsPerEpoch * this.recipe.epochs;
  }

  get epochsFinished(): number {
    return this.#epochsFinished;
  }

  /** Of the present epoch, or of the one that ended last. */
  get totals(): EpochTotals {
    return this.#totals;
  }

  /** Whether an epoch's steps are done, and {@link finishEpoch} was not called yet. */
  get isEpochComplete(): boolean {
    return this.#step >= (this.#epochsFinished + 1) * this.stepsPerEpoch;
  }

  /** Which images step number `step` of the run takes, counted from 0. */
  batchAt(step: number): SampledBatch {
    return this.#sampler.at(step);
  }

  /** The generator that crops and mirrors image `place` of a batch. */
  randomOf({ epoch, position }: SampledBatch, place: number): Random {
    return randomFor(this.recipe.seed, "augment", epoch, position + place);
  }

  /**
   * One step on the images of the next batch. Encoded at once; the outcome arrives later, and
   * several steps may be under way.
   *
   * @param labels of the batch's images, as many as it has: images that cannot be read are left out
   * @returns rejects with {@link TrainingDiverged} if the loss is no number or has exploded
   * @throws {ShapeError} if images and labels do not agree
   */
  step(batch: ClassifierBatch, labels: ArrayLike<number>): Promise<StepOutcome> {
    const [n] = batch.shape;
    if (labels.length !== n) {
      throw new ShapeError(
        `Trainer: ${labels.length} labels for ${n} images\nPass one label per image.`,
      );
    }
    const { epoch } = this.#sampler.at(this.#step);
    const learningRate = learningRateAt(this.recipe, epoch);
    for (const group of this.#optimizer.groups) group.lr = learningRate;
    this.#network.train();
    const reads = this.#encode(batch, labels);
    this.#step += 1;
    const place = { step: this.#step, epoch, learningRate };
    const outcome = this.#settled.then(async () => {
      const logits = (await Promise.all(reads)).flatMap((part) => [...part]);
      return this.#conclude(place, logits, labels);
    });
    this.#settled = outcome.then(nothing, nothing);
    return outcome;
  }

  /** Logits in evaluation mode: by the running moments, without gradients. */
  evaluate({ pixels, shape }: ClassifierBatch): Promise<Float32Array<ArrayBuffer>> {
    // Its memory may be needed here.
    this.#steps.release();
    this.#network.eval();
    return scope(() =>
      noGrad(() => this.#network.forward(tensor(this.#gpu, pixels, shape)).read()),
    );
  }

  /** The epoch's validation is done, too. */
  finishEpoch(): void {
    this.#epochsFinished += 1;
  }

  /** Everything that {@link importState} needs; waits for the steps under way. */
  async exportState(): Promise<TrainerState<Recipe>> {
    await this.#settled;
    const tensors = new Map<string, HostTensor>();
    for (const [name, value] of await this.#network.stateDict()) {
      tensors.set(`model.${name}`, hostTensor(value));
    }
    const { groups, tensors: memory } = await this.#optimizer.state();
    for (const [name, value] of memory) tensors.set(`optimizer.${name}`, hostTensor(value));
    const progress: TrainerProgress<Recipe> = {
      sampler: this.#sampler.state(this.#step),
      recipe: this.recipe,
      microBatch: this.microBatch,
      guard: this.#guard.state,
      totals: this.#totals,
      epochsFinished: this.#epochsFinished,
      optimizerGroups: groups,
    };
    return { tensors, progress };
  }

  /**
   * Goes on from a saved state.
   *
   * @throws {RangeError} naming what differs, if the images, batches or seed are others
   * @throws {UsageError} if the tensors are not those of this network and optimizer
   */
  importState({ tensors, progress }: TrainerState<Recipe>): void {
    const step = this.#sampler.resume(progress.sampler);
    this.#steps.release();
    this.#network.load(this.#gpu, section(tensors, "model."));
    this.#optimizer.load({
      groups: progress.optimizerGroups,
      tensors: section(tensors, "optimizer."),
    });
    this.#step = step;
    this.#guard.load(progress.guard);
    this.#totals = progress.totals;
    this.#epochsFinished = progress.epochsFinished;
  }

  /** Frees the optimizer's memory and the gradients; the network stays. */
  dispose(): void {
    this.#steps.release();
    this.#optimizer.zeroGrad();
    this.#optimizer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Gradients of the parts add up; each part's mean counts by its share of the images. */
  #encode(batch: ClassifierBatch, labels: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>>[] {
    const { pixels, shape } = batch;
    const [n, height, width, channels] = shape;
    const values = height * width * channels;
    const parts = equalParts(n, this.microBatch);
    const work: StepWork<PartInput[], Tensor[]> = {
      inputs: () =>
        parts.map(([begin, end]) => ({
          images: zeros(this.#gpu, [end - begin, height, width, channels]),
          targets: zeros(this.#gpu, [end - begin, 1]),
        })),
      write: (inputs) =>
        parts.forEach(([begin, end], i) => {
          const { images, targets } = inputs[i]!;
          this.#gpu.write(images.data, pixels.subarray(begin * values, end * values));
          const count = end - begin;
          const own = Float32Array.from({ length: count }, (_, j) => labels[begin + j]!);
          this.#gpu.write(targets.data, own);
        }),
      encode: (inputs) => this.#descend(inputs, n),
    };
    // The copies are encoded by the time the step's arrays are used again.
    const read = (logits: Tensor[]) => logits.map((part) => part.read());
    return this.#steps.run(shape.join(), work, read);
  }

  /** Logits of the parts, and a step of the optimizer. */
  #descend(inputs: readonly PartInput[], n: number): Tensor[] {
    this.#optimizer.zeroGrad();
    const logits = inputs.map(({ images, targets }) =>
      scope(() => {
        const output = this.#network.forward(images);
        const mean = binaryCrossEntropyWithLogits(output, targets);
        const [count = n] = images.shape;
        (count === n ? mean : affine(mean, count / n)).backward();
        return output.detach();
      }),
    );
    this.#optimizer.step();
    this.#optimizer.zeroGrad();
    return logits;
  }

  #conclude(
    place: Pick<StepOutcome, "step" | "epoch" | "learningRate">,
    logits: readonly number[],
    labels: ArrayLike<number>,
  ): StepOutcome {
    const lossSum = logits.reduce((sum, logit, i) => sum + lossOf(logit, labels[i]!), 0);
    const images = logits.length;
    const correct = logits.filter((logit, i) => logit > 0 === (labels[i] === 1)).length;
    const divergence = this.#guard.check(place.step, { loss: lossSum / images });
    if (divergence !== null) throw new TrainingDiverged(divergence);
    const isFirst = (place.step - 1) % this.stepsPerEpoch === 0;
    const before = isFirst ? NO_TOTALS : this.#totals;
    this.#totals = {
      images: before.images + images,
      lossSum: before.lossSum + lossSum,
      correct: before.correct + correct,
    };
    return { ...place, loss: lossSum / images, images, correct };
  }
}

function nothing(): void {
  // The caller of step() hears of the error.
}
