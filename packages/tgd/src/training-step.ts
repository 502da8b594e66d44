/*
 * One step of a training on the device, §1.5 of the specification: the teacher's loss and the
 * student's gradients, part by part; then, once, γ, the penalties and the update. Nothing of it
 * waits for the host.
 */
import type { ImageBatch } from "@fauxgrad/models/transforms";
import {
  add,
  affine,
  concat,
  full,
  type Gpu,
  noGrad,
  reshape,
  scope,
  type Tensor,
  tensor,
  UsageError,
} from "@fauxgrad/tensor";
import type { Layer, Module, Parameter } from "@fauxgrad/tensor/nn";
import { Adam, type Optimizer, SGD } from "@fauxgrad/tensor/optim";
import { equalParts } from "@fauxgrad/training";
import { Masks } from "./masks.ts";
import { type BatchLabels, type Objective, partCrossEntropy } from "./objective.ts";
import type { OptimizerRecipe, TgdRecipe } from "./recipe.ts";
import { adaptiveStrength, Penalties, type PenaltyValues, strengthOf } from "./regularization.ts";
import { StartPoint } from "./start-point.ts";
import type { TeacherValues } from "./training-state.ts";

/** A batch as it goes to the device. */
export interface PreparedBatch {
  /** What the student sees: mixed. */
  readonly pixels: Float32Array<ArrayBuffer>;
  /** What the teacher sees: the same, or the batch before an inter-class CutMix. */
  readonly teacherPixels: Float32Array<ArrayBuffer>;
  readonly shape: ImageBatch["shape"];
  readonly labels: BatchLabels;
}

/** What of a step was read from the device. */
export interface StepValues extends PenaltyValues {
  readonly loss: number;
  readonly teacher: TeacherValues | null;
  /** `[n, columns]` */
  readonly outputs: Float32Array<ArrayBuffer>;
}

/** What a {@link TrainingStep} works with. */
export interface TrainingStepOptions {
  readonly network: Module;
  readonly objective: Objective;
  /** On a device; needed where the recipe has penalties. */
  readonly teacher: Layer | null;
  readonly recipe: TgdRecipe;
  readonly microBatch: number;
}

/** A part's pixels on the device, and the share of the batch that it is. */
interface Part {
  readonly begin: number;
  readonly count: number;
  readonly share: number;
}

/** Numbers before those of the penalties: the loss, the teacher's, γ. */
const LOSSES = 3;

/** Encodes the steps of a training, and holds what they need between them. */
export class TrainingStep {
  readonly optimizer: Optimizer;
  readonly startPoint: StartPoint | null;
  readonly #gpu: Gpu;
  readonly #options: TrainingStepOptions;
  readonly #penalties: Penalties;
  readonly #masks: Masks;

  /** @throws {UsageError} if the recipe has penalties and there is no teacher */
  constructor(gpu: Gpu, options: TrainingStepOptions) {
    const { network, teacher, recipe } = options;
    const { regularization } = recipe;
    if (regularization !== null && teacher === null) {
      throw new UsageError(
        "TgdTrainer: the recipe has penalties, and there is no teacher\n" +
          "Pass a network of the same kind with the weights that the transfer begins with, or a " +
          "recipe whose regularization is null.",
      );
    }
    this.#gpu = gpu;
    this.#options = options;
    const trained = [...network.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad);
    this.optimizer = optimizerOf(new Map(trained), recipe.optimizer, recipe.learningRate.base);
    this.#masks = new Masks(network, recipe.seed);
    this.startPoint =
      regularization === null || teacher === null
        ? null
        : new StartPoint(teacher, regularization.startingPoint);
    const start = this.startPoint?.parameters ?? null;
    this.#penalties = new Penalties({ network, regularization, start });
    teacher?.eval().requiresGrad_(false);
  }

  /** Whether γ, and so the teacher's loss, is needed. */
  get isAdaptive(): boolean {
    const { regularization } = this.#options.recipe;
    return regularization?.alpha === "adaptive" || regularization?.beta === "adaptive";
  }

  /**
   * Gradients of a batch, penalties, update. Encoded and submitted at once.
   *
   * @param step counted from 0
   * @returns the values, when the device has them
   */
  encode(batch: PreparedBatch, step: number, learningRate: number): Promise<StepValues> {
    const { network, recipe, microBatch } = this.#options;
    for (const group of this.optimizer.groups) group.lr = learningRate;
    network.train();
    this.optimizer.zeroGrad();
    const [outputs, numbers] = scope(() => {
      const [n] = batch.shape;
      const parts = equalParts(n, microBatch).map(([begin, end]) => {
        const part = { begin, count: end - begin, share: (end - begin) / n };
        const teacherLoss = this.#teach(batch, part);
        return { teacherLoss, ...this.#learn(batch, part, step) };
      });
      const loss = total(parts.map(({ loss }) => loss));
      const teacherLosses = parts.flatMap(({ teacherLoss }) => teacherLoss ?? []);
      const teacherLoss = teacherLosses.length > 0 ? total(teacherLosses) : null;
      const values = this.#update(loss, teacherLoss, recipe.regularization);
      const all = concat(
        parts.map(({ outputs }) => outputs),
        0,
      );
      // Copies are encoded by now: the arrays may be reused.
      return [all.read(), values.read()] as const;
    });
    this.#gpu.flush();
    return Promise.all([outputs, numbers]).then(([read, values]) => ({
      ...this.#valuesOf(values),
      outputs: read,
    }));
  }

  /** Teacher ← student; a moving starting point goes with it. */
  feedback(): void {
    const { teacher, network } = this.#options;
    teacher?.copyFrom(network);
  }

  dispose(): void {
    this.optimizer.zeroGrad();
    this.optimizer.dispose();
    this.startPoint?.dispose();
  }

  /** The teacher's loss on a part, times the part's share; null where nothing depends on it. */
  #teach({ teacherPixels, shape, labels }: PreparedBatch, part: Part): Tensor | null {
    const { teacher } = this.#options;
    if (teacher === null || !this.isAdaptive) return null;
    return scope(() =>
      noGrad(() => {
        const input = this.#upload(teacherPixels, shape, part);
        const isMixed = labels.partner !== null;
        const clean = isMixed ? { ...labels, partner: null } : labels;
        const { begin } = part;
        const { loss } = partCrossEntropy(teacher, { input, labels: clean, begin });
        return affine(loss, part.share);
      }),
    );
  }

  /** The student's loss on a part, times the part's share; its gradients are added up. */
  #learn({ pixels, shape, labels }: PreparedBatch, part: Part, step: number) {
    return scope(() => {
      const input = this.#upload(pixels, shape, part);
      this.#masks.seek(step, part.begin);
      const { loss, outputs } = this.#options.objective.partOf({
        input,
        labels,
        begin: part.begin,
      });
      const weighted = affine(loss, part.share);
      weighted.backward();
      return { loss: weighted.detach(), outputs };
    });
  }

  #upload(
    pixels: Float32Array<ArrayBuffer>,
    [, height, width, channels]: ImageBatch["shape"],
    { begin, count }: Part,
  ): Tensor {
    const values = height * width * channels;
    const part = pixels.subarray(begin * values, (begin + count) * values);
    return tensor(this.#gpu, part, [count, height, width, channels]);
  }

  #update(
    loss: Tensor,
    teacherLoss: Tensor | null,
    regularization: TgdRecipe["regularization"],
  ): Tensor {
    const gamma =
      teacherLoss === null ? null : adaptiveStrength(teacherLoss, regularization?.s ?? 1);
    const alpha = strengthOf(this.#gpu, regularization?.alpha, gamma);
    const beta = strengthOf(this.#gpu, regularization?.beta, gamma);
    const penalties = this.#penalties.apply(alpha, beta);
    this.optimizer.step();
    this.optimizer.zeroGrad();
    const none = full(this.#gpu, [1], 0);
    const scalars = [loss, teacherLoss, gamma].map((value) =>
      value === null ? none : reshape(value, [1]),
    );
    return concat([...scalars, penalties], 0);
  }

  #valuesOf(read: Float32Array<ArrayBuffer>): Omit<StepValues, "outputs"> {
    const [loss = Number.NaN, teacherLoss = Number.NaN, gamma = Number.NaN] = read;
    const teacher = this.isAdaptive ? { teacherLoss, gamma } : null;
    return { loss, teacher, ...this.#penalties.values(read.subarray(LOSSES)) };
  }
}

function total(values: readonly Tensor[]): Tensor {
  const [first, ...rest] = values;
  if (first === undefined) throw new UsageError("TgdTrainer: a step without images");
  return noGrad(() => rest.reduce((sum, value) => add(sum, value), first));
}

function optimizerOf(
  parameters: ReadonlyMap<string, Parameter>,
  { kind, ...options }: OptimizerRecipe,
  lr: number,
): Optimizer {
  return kind === "adam"
    ? new Adam(parameters, { lr, ...options })
    : new SGD(parameters, { lr, ...options });
}
