/*
 * LGrad's steps as commands: gradient images of a folder, a training, an evaluation. Gradients and
 * trainings lie where another table with the same --out finds them again.
 */
import path from "node:path";
import { isFile } from "../transform/plan.ts";
import type { FoundWeights } from "./find-weights.ts";
import { type ImageFolder, setAsideStale } from "./image-folder.ts";
import {
  GRADIENT_BYTES,
  gradientGflop,
  PREDICTION_BYTES,
  scoreGflop,
  TRAINING_BYTES,
  trainingGflop,
} from "./lgrad-costs.ts";
import type { ExperimentModel, ExperimentRow, ExperimentTraining } from "./lgrad-experiment.ts";
import type { Step } from "./step.ts";
import { failureOf, jsonOf, leftOut } from "./step-end.ts";

/** A transformation model and where its weights are. */
export interface ReadyModel extends ExperimentModel {
  readonly key: string;
  /** Null for random ones. */
  readonly file: FoundWeights | null;
}

/** Gradient images of a folder: `gradients/MODEL/train/horse`. */
export function gradientStep(
  out: string,
  model: ReadyModel,
  place: string,
  images: ImageFolder,
): Step {
  const id = `gradients/${model.key}/${place}`;
  const folder = path.join(out, id);
  return {
    ...{ id, kind: "transform", needs: [], folder, inputs: images.fingerprint },
    identity: modelIdentity(model),
    cost: {
      key: `gradient ${model.key}`,
      unit: "gradient",
      count: images.count,
      gflop: gradientGflop(model.network, sideOf(model)),
      bytes: images.count * GRADIENT_BYTES * ((sideOf(model) ?? 256) / 256) ** 2,
    },
    command: async () => {
      await setAsideStale(images, folder, path.join(out, "removed", id));
      return [
        ...["lgrad", "transform", images.folder, "--out", folder, "--model", model.network],
        ...modelArguments(model, "--weights", "--random-init"),
        ...(model.size === null ? [] : ["--size", String(model.size)]),
        ...["--resize", model.filter, "--json"],
      ];
    },
    conclude: (end) => {
      const { stopped, remaining, failed } = jsonOf(end);
      if (stopped !== null || remaining !== 0) throw failureOf(end);
      return Promise.resolve(leftOut(Number(failed), "image could not be transformed"));
    },
  };
}

/** What a training is of. */
export interface TrainingWork {
  readonly id: string;
  readonly model: ReadyModel | null;
  readonly training: ExperimentTraining;
  readonly row: ExperimentRow;
  /** Holds train and val. */
  readonly data: string;
  /** Where the classifier begins; null for random weights. */
  readonly weights: FoundWeights | null;
  readonly images: number;
  /** Fingerprint of the images, where no step before makes them. */
  readonly inputs: string;
  readonly needs: readonly string[];
}

/** A training: `trainings/MODEL/horse`. */
export function trainingStep(out: string, work: TrainingWork): Step {
  const { id, model, training, row, data, weights, images, inputs, needs } = work;
  const { preset, epochs, batchSize, learningRate, seed, size, crop } = training;
  const folder = path.join(out, id);
  const recipe = { preset, epochs, batchSize, learningRate, seed, size, crop };
  return {
    ...{ id, kind: "train", needs, folder, inputs, discard: ["checkpoints"] },
    identity: {
      ...(model === null ? { network: "none" } : modelIdentity(model)),
      ...{ ...recipe, classes: row.classes.join(","), images: row.images },
      classifier: weights?.identity ?? "random weights",
    },
    cost: {
      key: `training image ${crop}`,
      unit: "training image",
      count: images * epochs,
      gflop: trainingGflop(crop),
      bytes: TRAINING_BYTES,
    },
    command: async () => {
      if (await isFile(path.join(folder, "run.json"))) {
        // The data again: the folder of results may have been moved.
        return ["lgrad", "train", data, "--out", folder, "--resume"];
      }
      return [
        ...["lgrad", "train", data, "--out", folder, "--classes", row.classes.join(",")],
        ...["--preset", preset, "--epochs", String(epochs), "--batch-size", String(batchSize)],
        ...["--lr", String(learningRate), "--seed", String(seed)],
        ...["--size", String(size), "--crop", String(crop)],
        ...(row.images === null ? [] : ["--limit", String(row.images)]),
        ...(weights === null ? [] : ["--weights", weights.file]),
      ];
    },
    conclude: (end) => {
      if (end.code !== 0) throw failureOf(end);
      return Promise.resolve([]);
    },
  };
}

/** What an evaluation is of. */
export interface EvaluationWork {
  readonly id: string;
  readonly model: ReadyModel | null;
  readonly row: ExperimentRow;
  readonly trainingFolder: string;
  readonly columns: readonly string[];
  /** Of images, if they are perturbed or there is no model; else of gradients. */
  readonly data: string;
  readonly images: number;
  readonly inputs: string;
  readonly needs: readonly string[];
  /** Side of what a classifier of images sees. */
  readonly side: number;
}

/** An evaluation: `evaluations/MODEL/horse/test`. */
export function evaluationStep(out: string, work: EvaluationWork): Step {
  const { id, model, row, columns, data, images, inputs, needs, side } = work;
  const { perturb } = row;
  const folder = path.join(out, id);
  const isTransformed = model !== null && perturb !== null;
  const gflop = isTransformed ? gradientGflop(model.network, sideOf(model)) : 0;
  return {
    ...{ id, kind: "eval", needs, folder, inputs },
    identity: {
      columns: columns.join(","),
      perturb: perturb === null ? "none" : `${perturb.mode}, ${perturb.parameters}`,
      seed: perturb?.seed ?? 0,
      ...(isTransformed ? modelIdentity(model) : {}),
    },
    cost: {
      key: isTransformed ? `perturbed image ${model.key}` : "score",
      unit: "score",
      count: images,
      gflop: gflop + scoreGflop(side),
      bytes: images * PREDICTION_BYTES,
    },
    command: () =>
      Promise.resolve([
        ...["lgrad", "eval", "--data", data, "--generators", columns.join(",")],
        ...["--weights", path.join(work.trainingFolder, "model_epoch_last.safetensors")],
        ...["--out", folder, "--json"],
        ...(isTransformed ? perturbedArguments(model, perturb) : ["--gradients"]),
        ...(model === null ? ["--size", String(side)] : []),
      ]),
    conclude: (end) => {
      const { failures, generators } = jsonOf(end);
      if (!Array.isArray(generators) || !Array.isArray(failures)) throw failureOf(end);
      return Promise.resolve(leftOut(failures.length, "image could not be judged"));
    },
  };
}

function perturbedArguments(
  model: ReadyModel,
  { mode, parameters, seed }: NonNullable<ExperimentRow["perturb"]>,
): string[] {
  return [
    ...["--no-gradients", "--model", model.network, "--resize", model.filter],
    ...modelArguments(model, "--model-weights", "--random-init"),
    ...(model.size === null ? [] : ["--size", String(model.size)]),
    ...["--perturb", mode, "--perturb-parameters", parameters, "--seed", String(seed)],
  ];
}

function modelArguments(
  { file, randomInit, set }: ReadyModel,
  weights: string,
  random: string,
): string[] {
  return [
    ...(file === null ? [random, String(randomInit ?? 0)] : [weights, file.file]),
    ...Object.entries(set).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
  ];
}

function modelIdentity({ network, file, randomInit, size, filter, set }: ReadyModel) {
  const options = Object.entries(set).map(([key, value]) => `${key}=${value}`);
  return {
    network,
    weights: file?.identity ?? `random, seed ${randomInit}`,
    ...{ side: size, filter, options: options.join(",") },
  };
}

/** A reduced network says its side in its options. */
function sideOf({ size, set }: ReadyModel): number | null {
  const { resolution } = set;
  return resolution === undefined ? size : Number(resolution);
}
