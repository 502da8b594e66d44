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
  UsageError,
} from "@fauxgrad/tensor";
import type { Layer, Module, Parameter } from "@fauxgrad/tensor/nn";
import { Adam, type Optimizer, SGD } from "@fauxgrad/tensor/optim";
import { RepeatedStep } from "@fauxgrad/training";
import { Masks } from "./masks.ts";
import { type BatchLabels, type Objective, partCrossEntropy } from "./objective.ts";
import type { OptimizerRecipe, TgdRecipe } from "./recipe.ts";
import { adaptiveStrength, Penalties, type PenaltyValues, strengthOf } from "./regularization.ts";
import { StartPoint } from "./start-point.ts";
import { makeInputs, type PartInput, type TeacherInputs, writeInputs } from "./step-inputs.ts";
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

/** What a step leaves on the device. */
interface StepResult {
  /** `[N, columns]` */
  readonly outputs: Tensor;
  /** The loss, the teacher's, γ, and the penalties' numbers. */
  readonly values: Tensor;
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
  readonly #teacherInputs: TeacherInputs;
  readonly #steps: RepeatedStep<PartInput[], StepResult>;
  /** The step that is encoded, counted from 0. */
  #step = 0;

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
    const isInter = recipe.augmentation.cutMix.kind === "inter";
    const isAsked = teacher !== null && this.isAdaptive;
    this.#teacherInputs = isAsked ? (isInter ? "own" : "student's") : "none";
    this.#steps = new RepeatedStep(gpu, teacher === null ? [network] : [network, teacher]);
    teacher?.eval().requiresGrad_(false);
  }

  /** Whether γ, and so the teacher's loss, is needed. */
  get isAdaptive(): boolean {
    const { regularization } = this.#options.recipe;
    return regularization?.alpha === "adaptive" || regularization?.beta === "adaptive";
  }

  /**
   * Gradients of a batch, penalties, update. Encoded and submitted at once; steps of one shape that
   * follow each other are replayed.
   *
   * @param step counted from 0
   * @returns the values, when the device has them
   */
  encode(batch: PreparedBatch, step: number, learningRate: number): Promise<StepValues> {
    const { network, microBatch, objective } = this.#options;
    for (const group of this.optimizer.groups) group.lr = learningRate;
    this.#step = step;
    network.train();
    const reads = this.#steps.run(
      objective.readsLabels ? null : batch.shape.join(),
      {
        inputs: () => makeInputs(this.#gpu, batch.shape, microBatch, this.#teacherInputs),
        write: (inputs) => writeInputs(this.#gpu, batch, inputs),
        encode: (inputs) => this.#descend(inputs, batch.labels),
      },
      // Copies are encoded by then: the arrays may be used again.
      ({ outputs, values }) => Promise.all([outputs.read(), values.read()]),
    );
    return reads.then(([outputs, values]) => ({ ...this.#valuesOf(values), outputs }));
  }

  /** Gives back what a replayed step holds; the next is run as usual. */
  release(): void {
    this.#steps.release();
  }

  /** Teacher ← student; a moving starting point goes with it. */
  feedback(): void {
    const { teacher, network } = this.#options;
    teacher?.copyFrom(network);
  }

  dispose(): void {
    this.release();
    this.optimizer.zeroGrad();
    this.optimizer.dispose();
    this.startPoint?.dispose();
  }

  /** The step on the device: numbers of the host that change come from `perStep` values alone. */
  #descend(inputs: readonly PartInput[], labels: BatchLabels): StepResult {
    this.optimizer.zeroGrad();
    const parts = inputs.map((input) => ({
      teacherLoss: this.#teach(input),
      ...this.#learn(input, labels),
    }));
    const loss = total(parts.map((part) => part.loss));
    const teacherLosses = parts.flatMap(({ teacherLoss }) => teacherLoss ?? []);
    const teacherLoss = teacherLosses.length > 0 ? total(teacherLosses) : null;
    const values = this.#update(loss, teacherLoss, this.#options.recipe.regularization);
    const all = parts.map(({ outputs }) => outputs);
    return { outputs: concat(all, 0), values };
  }

  /** The teacher's loss on a part, times the part's share; null where nothing depends on it. */
  #teach({ teacher: seen, share }: PartInput): Tensor | null {
    const { teacher } = this.#options;
    if (teacher === null || seen === null) return null;
    return scope(() =>
      noGrad(() => {
        const part = { input: seen.images, targets: seen.targets };
        return affine(partCrossEntropy(teacher, part).loss, share);
      }),
    );
  }

  /** The student's loss on a part, times the part's share; its gradients are added up. */
  #learn({ begin, share, student }: PartInput, labels: BatchLabels) {
    return scope(() => {
      const { images: input, targets } = student;
      this.#gpu.perStep(() => this.#masks.seek(this.#step, begin));
      const part = { input, targets, labels, begin };
      const { loss, outputs } = this.#options.objective.partOf(part);
      const weighted = affine(loss, share);
      weighted.backward();
      return { loss: weighted.detach(), outputs };
    });
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
