/*
 * T-GD's steps as commands: a pretraining, a transfer, an evaluation of one model on several test
 * sets. Trainings lie where another table with the same --out finds them again.
 */
import path from "node:path";
import type { TgdRecipe } from "@fauxgrad/tgd";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError } from "../session/files.ts";
import { isFile } from "../transform/plan.ts";
import type { ImageFolder } from "./image-folder.ts";
import type { Step } from "./step.ts";
import { failureOf, jsonOf, leftOut } from "./step-end.ts";
import { SCORE_BYTES, tgdScoreGflop, tgdTrainingBytes, tgdTrainingGflop } from "./tgd-costs.ts";
import type { TgdTraining } from "./tgd-experiment.ts";

/** What a training is of. */
export interface TgdTrainingWork {
  readonly key: string;
  readonly training: TgdTraining;
  /** What its options come to, but for what it takes from its source. */
  readonly recipe: TgdRecipe;
  /** What it is trained on: holds train and val, or the two classes. */
  readonly data: string;
  /** Images that it learns from. */
  readonly images: number;
  /** Fingerprint of what it learns from and is validated on. */
  readonly inputs: string;
  /** Holds val of the target, where `data` is a transfer's few. */
  readonly targetVal: string | null;
  readonly sourceVal: string | null;
}

/** Where a training's folder is. */
export function tgdTrainingFolder(out: string, key: string): string {
  return path.join(out, "trainings", key);
}

/** A training: `trainings/KEY`. */
export function tgdTrainingStep(out: string, work: TgdTrainingWork): Step {
  const { key, training, recipe, data, images, inputs, targetVal, sourceVal } = work;
  const { from, preset, network, method, changes } = training;
  const folder = tgdTrainingFolder(out, key);
  const { duration, batchSize, augmentation, regularization } = recipe;
  const perEpoch = recipe.dropLast ? images - (images % batchSize) : images;
  const { name } = recipe.network;
  return {
    ...{ id: `trainings/${key}`, kind: recipe.stage, folder, inputs },
    needs: from === null ? [] : [`trainings/${from}`],
    discard: ["checkpoints"],
    identity: {
      ...{ preset, network, method, from, data: training.data },
      changes: JSON.stringify(changes),
    },
    cost: {
      key: `training image ${name} ${augmentation.size}${regularization === null ? "" : " teacher"}`,
      unit: "training image",
      count: duration.count * (duration.unit === "steps" ? batchSize : perEpoch),
      gflop: tgdTrainingGflop(name, augmentation.size, regularization !== null),
      bytes: tgdTrainingBytes(name),
    },
    command: async () => {
      const { stage } = recipe;
      const validation = [
        ...(targetVal === null ? [] : ["--target-val", targetVal]),
        ...(sourceVal === null ? [] : ["--source-val", sourceVal]),
      ];
      if (await isFile(path.join(folder, "run.json"))) {
        // The data again: they may have been moved.
        return ["tgd", stage, data, "--out", folder, "--resume", ...validation];
      }
      const file = path.join(out, "recipes", `${key}.json`);
      await writeFileAtomic(file, `${JSON.stringify(changes, null, 2)}\n`).catch(
        (cause: unknown) => {
          throw fileError("write", file, cause);
        },
      );
      return [
        ...["tgd", stage, data, "--out", folder, "--preset", preset, "--recipe", file],
        ...(network === null ? [] : ["--network", network]),
        ...(method === null ? [] : ["--method", method]),
        ...(from === null ? [] : ["--source", tgdTrainingFolder(out, from)]),
        ...validation,
      ];
    },
    conclude: (end) => {
      if (end.code !== 0) throw failureOf(end);
      return Promise.resolve([]);
    },
  };
}

/** What an evaluation is of: one model, one test set, so that tables and rows share it. */
export interface TgdEvaluationWork {
  readonly key: string;
  readonly recipe: TgdRecipe;
  /** Key of the test set. */
  readonly column: string;
  /** The folder that holds test. */
  readonly folder: string;
  readonly images: ImageFolder;
}

/** Name of an evaluation's step. */
export function tgdEvaluationId(key: string, column: string): string {
  return `evaluations/${key}/${column}`;
}

/** An evaluation: `evaluations/KEY/COLUMN`. */
export function tgdEvaluationStep(out: string, work: TgdEvaluationWork): Step {
  const { key, recipe, column, images } = work;
  const id = tgdEvaluationId(key, column);
  const folder = path.join(out, id);
  const { count } = images;
  const { size } = recipe.augmentation;
  const { name } = recipe.network;
  return {
    ...{ id, kind: "eval", folder, inputs: images.fingerprint, needs: [`trainings/${key}`] },
    identity: { training: key, set: column },
    cost: {
      ...{ key: `score ${name} ${size}`, unit: "score", count },
      gflop: tgdScoreGflop(name, size),
      bytes: count * SCORE_BYTES,
    },
    command: () =>
      Promise.resolve([
        ...["tgd", "eval", "--weights", tgdTrainingFolder(out, key), "--out", folder, "--json"],
        ...["--data", `${column}=${work.folder}`],
      ]),
    conclude: (end) => {
      const { failures, sets } = jsonOf(end);
      if (!Array.isArray(sets) || !Array.isArray(failures)) throw failureOf(end);
      return Promise.resolve(leftOut(failures.length, "image could not be judged"));
    },
  };
}
