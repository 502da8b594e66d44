/*
 * Training: pretraining, the transfer from teacher to student, and the baselines; steps, and a state
 * from which a run goes on to the same bits.
 *
 * Order of images, augmentation, CutMix and masks are functions of the seed and the place in the
 * run; nothing is drawn from a generator that lives. A step is encoded at once and its numbers
 * arrive later, so that whoever trains can prepare the next batch while the device works.
 */
import type { ForensicTransfer } from "@fauxgrad/models";
import type { HostTensor } from "@fauxgrad/models/checkpoint";
import type { ImageBatch } from "@fauxgrad/models/transforms";
import { type Gpu, noGrad, type Random, ShapeError, scope, tensor } from "@fauxgrad/tensor";
import type { Layer, Module } from "@fauxgrad/tensor/nn";
import {
  BatchSampler,
  DivergenceGuard,
  hostTensor,
  randomFor,
  type SampledBatch,
  section,
  TrainingDiverged,
} from "@fauxgrad/training";
import { CollapseGuard, type CollapseOptions } from "./collapse-guard.ts";
import { learningRateAt } from "./learning-rate.ts";
import { mixBatch } from "./mix-batch.ts";
import { type Objective, scoreBatch } from "./objective.ts";
import { objectiveOf } from "./objective-of.ts";
import type { TgdRecipe } from "./recipe.ts";
import { weightedPenalties } from "./regularization.ts";
import { requireSameRecipe } from "./same-recipe.ts";
import type {
  StepPlace,
  TgdEpochTotals,
  TgdEvaluation,
  TgdStepOutcome,
  TgdTrainerState,
} from "./training-state.ts";
import { type StepValues, TrainingStep } from "./training-step.ts";

/** What is trained, on what, and how. */
export interface TgdTrainerOptions {
  /**
   * `[N, H, W, 3]` to logits `[N, 2]`, or ForensicTransfer's autoencoder, on a device. Frozen
   * parameters stay as they are.
   */
  readonly network: Layer | ForensicTransfer;
  /**
   * Of the same kind, with the weights that the transfer begins with; needed where the recipe has
   * penalties. It is put into evaluation mode and frozen, and feedback writes into it.
   */
  readonly teacher?: Layer;
  /** Of all images of the training set, 0 real and 1 fake. */
  readonly labels: ArrayLike<number>;
  readonly recipe: TgdRecipe;
  /** Most images at once on the device; a batch is cut into equal parts. Default: all. */
  readonly microBatch?: number;
  /** Stop a run whose classifier has collapsed, or tell it in every outcome. Default `stop`. */
  readonly onCollapse?: "stop" | "tell";
  readonly collapse?: CollapseOptions;
}

const NO_TOTALS: TgdEpochTotals = { images: 0, lossSum: 0, correct: 0 };
const noop = () => undefined;

/** Trains a network on a device. It does not own the networks. */
export class TgdTrainer {
  readonly recipe: TgdRecipe;
  readonly microBatch: number;
  readonly objective: Objective;
  readonly #gpu: Gpu;
  readonly #network: Module;
  readonly #teacher: Layer | null;
  readonly #encoder: TrainingStep;
  readonly #sampler: BatchSampler;
  readonly #guard = new DivergenceGuard();
  readonly #collapse: CollapseGuard;
  readonly #onCollapse: "stop" | "tell";
  #step = 0;
  #epochsFinished = 0;
  #totals = NO_TOTALS;
  /** Settles when all steps so far have. */
  #settled: Promise<void> = Promise.resolve();

  /**
   * @throws {RangeError} if the images make no batch
   * @throws {UsageError} if the recipe has penalties and there is no teacher
   */
  constructor(gpu: Gpu, options: TgdTrainerOptions) {
    const { network, teacher = null, labels, recipe, microBatch = recipe.batchSize } = options;
    this.recipe = recipe;
    this.microBatch = microBatch;
    this.objective = objectiveOf(network, recipe);
    this.#gpu = gpu;
    this.#network = network;
    this.#teacher = teacher;
    const { batchSize, seed, dropLast } = recipe;
    this.#sampler = new BatchSampler(labels, { batchSize, seed, dropLast });
    const objective = this.objective;
    this.#encoder = new TrainingStep(gpu, { network, teacher, recipe, microBatch, objective });
    this.#collapse = new CollapseGuard(options.collapse);
    this.#onCollapse = options.onCollapse ?? "stop";
  }

  /** Steps done so far, those whose numbers have not arrived included. */
  get stepsDone(): number {
    return this.#step;
  }

  get stepsPerEpoch(): number {
    return this.#sampler.batchesPerEpoch;
  }

  /** Of the whole run. */
  get steps(): number {
    const { count, unit } = this.recipe.duration;
    return unit === "steps" ? count : count * this.stepsPerEpoch;
  }

  /** Of the whole run; where it is counted in steps, the last one may be cut short. */
  get epochs(): number {
    return Math.ceil(this.steps / this.stepsPerEpoch);
  }

  get epochsFinished(): number {
    return this.#epochsFinished;
  }

  /** Of the present epoch, or of the one that ended last. */
  get totals(): TgdEpochTotals {
    return this.#totals;
  }

  /** Whether an epoch's steps are done, and {@link finishEpoch} was not called yet. */
  get isEpochComplete(): boolean {
    const end = Math.min((this.#epochsFinished + 1) * this.stepsPerEpoch, this.steps);
    return this.#epochsFinished < this.epochs && this.#step >= end;
  }

  /** Which images step number `step` of the run takes, counted from 0. */
  batchAt(step: number): SampledBatch {
    return this.#sampler.at(step);
  }

  /** The generator that augments image `place` of a batch. */
  randomOf({ epoch, position }: SampledBatch, place: number): Random {
    return randomFor(this.recipe.seed, "augment", epoch, position + place);
  }

  /**
   * One step on the images of the next batch, augmented but for CutMix. Encoded at once; the
   * outcome arrives later, and several steps may be under way.
   *
   * @param batch  its pixels are changed where the batch is mixed
   * @param labels of the batch's images, as many as it has: images that cannot be read are left out
   * @returns rejects with {@link TrainingDiverged} if a number is none, the loss has exploded or the
   *   classifier has collapsed
   * @throws {ShapeError} if images and labels do not agree
   */
  step(batch: ImageBatch, labels: ArrayLike<number>): Promise<TgdStepOutcome> {
    const [n] = batch.shape;
    if (labels.length !== n || n === 0) {
      throw new ShapeError(
        `TgdTrainer: ${labels.length} labels for ${n} images\n` +
          "Pass one label per image, and one image or more.",
      );
    }
    const step = this.#step;
    const { epoch } = this.#sampler.at(step);
    const learningRate = learningRateAt(this.recipe.learningRate, { epoch, step });
    const { isAdaptive } = this.#encoder;
    const { mixed, ...prepared } = mixBatch(batch, labels, {
      recipe: this.recipe,
      step,
      isAdaptive,
    });
    const values = this.#encoder.encode(prepared, step, learningRate);
    this.#step += 1;
    const feedback = this.recipe.regularization?.feedback;
    if (feedback?.unit === "steps" && this.#step % feedback.every === 0) this.#encoder.feedback();
    const place = { step: this.#step, epoch, learningRate };
    const outcome = this.#settled.then(async () =>
      this.#conclude(place, await values, labels, mixed),
    );
    // The caller hears of an error.
    this.#settled = outcome.then(noop, noop);
    return outcome;
  }

  /** Scores in evaluation mode, without gradients. */
  async evaluate({ pixels, shape }: ImageBatch): Promise<TgdEvaluation> {
    // Its memory may be needed here.
    this.#encoder.release();
    this.#network.eval();
    const outputs = await scope(() =>
      noGrad(() => this.objective.outputs(tensor(this.#gpu, pixels, shape)).read()),
    );
    const scores = Float64Array.from({ length: shape[0] }, (_, i) =>
      this.objective.score(outputs, i),
    );
    return { scores, outputs };
  }

  /**
   * The epoch's validation is done, too. Feedback that counts epochs comes now; the optimizer's
   * memory stays.
   */
  finishEpoch(): void {
    this.#epochsFinished += 1;
    const feedback = this.recipe.regularization?.feedback;
    if (feedback?.unit !== "epochs" || this.#epochsFinished % feedback.every !== 0) return;
    this.#encoder.feedback();
  }

  /** Everything that {@link importState} needs; waits for the steps under way. */
  async exportState(): Promise<TgdTrainerState> {
    await this.#settled;
    const tensors = new Map<string, HostTensor>();
    const { optimizer, startPoint } = this.#encoder;
    const { groups, tensors: memory } = await optimizer.state();
    const sections = {
      model: await this.#network.stateDict(),
      teacher: (await this.#teacher?.stateDict()) ?? new Map(),
      optimizer: memory,
      start: (await startPoint?.tensors()) ?? new Map(),
    };
    for (const [prefix, values] of Object.entries(sections)) {
      for (const [name, value] of values) tensors.set(`${prefix}.${name}`, hostTensor(value));
    }
    const progress = {
      sampler: this.#sampler.state(this.#step),
      recipe: this.recipe,
      microBatch: this.microBatch,
      guard: this.#guard.state,
      collapse: this.#collapse.state,
      totals: this.#totals,
      epochsFinished: this.#epochsFinished,
      optimizerGroups: groups,
    };
    return { tensors, progress };
  }

  /**
   * Goes on from a saved state.
   *
   * @throws {RangeError} naming what differs, if images or recipe, but for its length, are others
   * @throws {UsageError} if the tensors are not those of these networks and this optimizer
   */
  importState({ tensors, progress }: TgdTrainerState): void {
    requireSameRecipe(progress.recipe, this.recipe);
    const step = this.#sampler.resume(progress.sampler);
    const { optimizer, startPoint } = this.#encoder;
    this.#encoder.release();
    this.#network.load(this.#gpu, section(tensors, "model."));
    this.#teacher?.load(this.#gpu, section(tensors, "teacher."));
    startPoint?.load(this.#gpu, section(tensors, "start."));
    optimizer.load({ groups: progress.optimizerGroups, tensors: section(tensors, "optimizer.") });
    this.#step = step;
    this.#guard.load(progress.guard);
    this.#collapse.load(progress.collapse);
    this.#totals = progress.totals;
    this.#epochsFinished = progress.epochsFinished;
  }

  /** Frees the optimizer's memory, the gradients and a fixed starting point; the networks stay. */
  dispose(): void {
    this.#encoder.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #conclude(
    place: StepPlace,
    { outputs, ...values }: StepValues,
    labels: ArrayLike<number>,
    mixed: number,
  ): TgdStepOutcome {
    const { loss, teacher, fcNorm, regularizedGradNorm } = values;
    const images = labels.length;
    const { correct, constantLoss } = scoreBatch(this.objective, outputs, labels);
    const divergence = this.#guard.check(place.step, { loss, gradNorm: regularizedGradNorm });
    if (divergence !== null) throw new TrainingDiverged(divergence);
    const gamma = teacher?.gamma ?? null;
    const { step, learningRate } = place;
    const seen = { crossEntropy: loss, constantLoss, fcNorm, gamma, learningRate };
    const collapse = this.#collapse.check(step, seen);
    if (collapse !== null && this.#onCollapse === "stop") throw new TrainingDiverged(collapse);
    const before = (place.step - 1) % this.stepsPerEpoch === 0 ? NO_TOTALS : this.#totals;
    this.#totals = {
      images: before.images + images,
      lossSum: before.lossSum + loss * images,
      correct: before.correct + correct,
    };
    const totalLoss = loss + weightedPenalties(this.recipe.regularization, values, gamma);
    return { ...place, ...values, totalLoss, images, correct, mixed, collapse };
  }
}
