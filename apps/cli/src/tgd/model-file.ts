/*
 * A detector as a file: a flat state dict in PyTorch's names, with the recipe that it was trained by
 * in the file's metadata. Weights of other origin are told what they are on the command line.
 */

import { stat } from "node:fs/promises";
import path from "node:path";
import { fromFloat32, readCheckpoint, writeSafetensors } from "@fauxgrad/models/checkpoint";
import type { Module } from "@fauxgrad/tensor/nn";
import {
  changeRecipe,
  type NetworkTensors,
  type RecipeNetworkName,
  readRecipe,
  recipePreset,
  type TgdRecipe,
} from "@fauxgrad/tgd";
import type { Calibration } from "@fauxgrad/training";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { fileError, readOwnJson, readWholeFile } from "../session/files.ts";
import { CommandLineError, FileError } from "../terminal/errors.ts";
import { isFile } from "../transform/plan.ts";
import { readRun } from "./run-options.ts";

/** Names of a run's models. */
export const MODEL_FILES = {
  last: "model_epoch_last.safetensors",
  best: "model_epoch_best.safetensors",
} as const;

const CALIBRATION = "calibration.json";

/** A temperature or Platt's fit, and the threshold of the probability that belongs to it. */
export interface SavedCalibration extends Calibration {
  readonly threshold: number;
}

/** Which model, and what it is where its file does not say it. */
export interface ModelChoice {
  /** A run's folder, or a file of weights. */
  readonly weights: string;
  readonly section?: string;
  readonly network?: RecipeNetworkName;
  readonly set?: Readonly<Record<string, string>>;
  readonly size?: number;
}

/** A model that was read. */
export interface ModelFile {
  readonly file: string;
  readonly tensors: NetworkTensors;
  readonly recipe: TgdRecipe;
  /** Null where the folder holds none. */
  readonly calibration: SavedCalibration | null;
}

/** Writes a model. @throws {FileError} if the disk refuses */
export async function writeModel(
  out: string,
  which: keyof typeof MODEL_FILES,
  network: Module,
  { recipe, ...told }: { readonly recipe: TgdRecipe } & Readonly<Record<string, unknown>>,
): Promise<string> {
  const file = path.join(out, MODEL_FILES[which]);
  const state = await network.stateDict();
  const tensors = [...state].map(
    ([name, value]) =>
      [name, value.dtype === "float32" ? fromFloat32(value.data, value.shape) : value] as const,
  );
  const metadata = Object.entries({ format: "fauxgrad-tgd-model-1", ...told }).map(
    ([name, value]) => [name, String(value)] as const,
  );
  const header = new Map([...metadata, ["recipe", JSON.stringify(recipe)] as const]);
  try {
    await writeFileAtomic(file, new Uint8Array(writeSafetensors(new Map(tensors), header)));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
  return file;
}

/**
 * The file that a choice leads to: of a run's folder its best model or its last one.
 *
 * @throws {FileError} if a folder holds no model
 */
export async function modelFileOf(
  weights: string,
  first: keyof typeof MODEL_FILES = "best",
): Promise<string> {
  const isFolder = await stat(weights).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return path.resolve(weights);
  const names = first === "best" ? [MODEL_FILES.best, MODEL_FILES.last] : [MODEL_FILES.last];
  for (const name of names) {
    const file = path.resolve(weights, name);
    if (await isFile(file)) return file;
  }
  throw new FileError(
    `${weights} holds no model: there is no ${names.join(" or ")}\n` +
      "Pass the folder of a training that is finished, or a file of weights.",
  );
}

/**
 * Reads a model.
 *
 * @param first which of a run's models is taken
 * @throws {FileError} if it cannot be read
 * @throws {CheckpointError} if it is no checkpoint
 * @throws {CommandLineError} if options contradict what the file says
 */
export async function readModel(
  choice: ModelChoice,
  first: keyof typeof MODEL_FILES = "best",
): Promise<ModelFile> {
  const file = await modelFileOf(choice.weights, first);
  const bytes = await readWholeFile(file, "the weights");
  const { section } = choice;
  const { tensors, metadata } = readCheckpoint(bytes, section === undefined ? {} : { section });
  const known = await recipeOf(file, (metadata as ReadonlyMap<string, unknown>).get("recipe"));
  const recipe = known === null ? describedRecipe(choice) : checked(file, known, choice);
  return { file, tensors, recipe, calibration: await readCalibration(path.dirname(file)) };
}

/** From the file itself, or from the run whose checkpoint it is. */
async function recipeOf(file: string, text: unknown): Promise<TgdRecipe | null> {
  if (typeof text === "string") return readRecipe(JSON.parse(text));
  const folder = path.dirname(file);
  const out = path.basename(folder) === "checkpoints" ? path.dirname(folder) : null;
  return out === null ? null : ((await readRun(out))?.recipe ?? null);
}

/** The authors' network, as the options have it. */
function describedRecipe({ network, set = {}, size }: ModelChoice): TgdRecipe {
  const isAutoencoder = network === "forensic_transfer";
  const recipe = recipePreset({
    stage: "pretrain",
    preset: "paper",
    ...(isAutoencoder ? { method: "forensic-transfer" as const } : {}),
    ...(network === undefined ? {} : { network }),
  });
  return changeRecipe(recipe, {
    "network.options": set,
    ...(size === undefined ? {} : { "augmentation.size": size }),
  });
}

function checked(file: string, recipe: TgdRecipe, { network, set, size }: ModelChoice): TgdRecipe {
  const hasOptions = Object.keys(set ?? {}).length > 0;
  if (hasOptions || (network !== undefined && network !== recipe.network.name)) {
    throw new CommandLineError(
      `${file} says what it is: ${recipe.network.name} ` +
        `${JSON.stringify(recipe.network.options)}\nLeave --network and --set out.`,
    );
  }
  return size === undefined ? recipe : changeRecipe(recipe, { "augmentation.size": size });
}

/** @throws {FileError} if there is one, and it is not ours */
async function readCalibration(folder: string): Promise<SavedCalibration | null> {
  const problem = "is no calibration\nRemove it, or make it anew by tgd eval.";
  return readOwnJson(path.join(folder, CALIBRATION), isCalibration, problem);
}

function isCalibration(value: object): value is SavedCalibration {
  const { scale, shift, threshold } = value as Partial<SavedCalibration>;
  return [scale, shift, threshold].every((number) => Number.isFinite(number));
}

/** Keeps a calibration beside its model. @throws {FileError} if the disk refuses */
export async function writeCalibration(
  model: string,
  calibration: SavedCalibration & { readonly images: number; readonly model: string },
): Promise<string> {
  const file = path.join(path.dirname(model), CALIBRATION);
  try {
    await writeFileAtomic(file, `${JSON.stringify(calibration, null, 2)}\n`);
  } catch (cause) {
    throw fileError("write", file, cause);
  }
  return file;
}
