/*
 * What a training is: decided once, when it begins, and kept in its folder, so that --resume needs
 * to be told nothing.
 */
import path from "node:path";
import {
  type ClassifierName,
  type TrainingPreset,
  type TrainingRecipe,
  trainingPresets,
} from "@fauxgrad/lgrad";
import { CommandLineError } from "../terminal/errors.ts";
import { dataFolder } from "./open-run.ts";
import { readRunFile, writeRunFile } from "./run-file.ts";

/** What the command line may say about a training. */
export interface GivenOptions {
  readonly preset?: TrainingPreset;
  readonly classes?: readonly string[];
  readonly classBalance?: boolean;
  readonly limit?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly microBatch?: number;
  readonly lr?: number;
  readonly optim?: "adam" | "sgd";
  readonly flip?: boolean;
  readonly seed?: number;
  readonly size?: number;
  readonly crop?: number;
  readonly weights?: string;
  readonly network?: ClassifierName;
  readonly widthPercent?: number;
  readonly zeroInitResidual?: boolean;
  readonly transform?: string;
  readonly transformWeights?: string;
  readonly transformSection?: string;
  readonly transformRandomInit?: number;
  readonly transformSet?: Readonly<Record<string, string>>;
  readonly cache?: string;
  readonly tiny?: boolean;
}

/** The network that makes gradient images of images; files as absolute paths. */
export interface TransformChoice {
  readonly model: string;
  readonly weights?: string;
  readonly section?: string;
  readonly randomInit?: number;
  readonly set: Readonly<Record<string, string>>;
  /** Folder of the gradient images. */
  readonly cache: string;
}

/** A training, in `run.json`. */
export interface RunOptions {
  readonly version: 1;
  readonly recipe: TrainingRecipe;
  /** Absolute. */
  readonly data: string;
  /** Null for all. */
  readonly classes: readonly string[] | null;
  /** Training images, half of them real; absent for all. */
  readonly limit?: number;
  /** Of the classifier before its first step; null for random ones. */
  readonly weights: string | null;
  /** Absent for that of the weights, or ResNet-50. */
  readonly network?: ClassifierName;
  /** Channels in percent of ResNet-50's; absent for as many as the weights have, or all. */
  readonly widthPercent?: number;
  /** Whether a ResNet's blocks began as their shortcuts; absent for no. */
  readonly zeroInitResidual?: boolean;
  /** Null where the data are gradient images already. */
  readonly transform: TransformChoice | null;
  /** As the user decided it; null to let the device decide. */
  readonly microBatch: number | null;
}

/** What `--tiny` changes: a training of seconds on 12 generated images. */
const TINY = { size: 64, crop: 56, batchSize: 4, epochs: 2 } as const;
const TINY_TRANSFORM = {
  model: "pggan",
  randomInit: 1,
  set: { resolution: "32", fmapsBase: "512", fmapsMax: "32" },
} as const;

/**
 * The training that the command line asks for.
 *
 * @throws {CommandLineError} if its parts do not go together
 */
export function resolveOptions(
  given: GivenOptions,
  out: string,
  data: string | undefined,
): RunOptions {
  const { tiny = false } = given;
  const images = dataFolder(data, { tiny, out });
  const preset = trainingPresets[given.preset ?? "official"];
  const base = tiny ? { ...preset, ...TINY } : preset;
  const recipe: TrainingRecipe = {
    ...base,
    ...defined({
      optimizer: given.optim,
      learningRate: given.lr,
      batchSize: given.batchSize,
      epochs: given.epochs,
      flip: given.flip,
      seed: given.seed,
      size: given.size,
      crop: given.crop,
    }),
    sampling: given.classBalance === true ? "balanced" : "shuffle",
  };
  if (recipe.crop > recipe.size || recipe.crop < 33) {
    throw new CommandLineError(
      `crops of ${recipe.crop} pixels from images of ${recipe.size} cannot be\n` +
        "Choose --crop from 33 to --size.",
    );
  }
  return {
    version: 1,
    recipe,
    data: images,
    classes: given.classes ?? null,
    ...defined({ limit: given.limit }),
    weights: given.weights === undefined ? null : path.resolve(given.weights),
    ...defined({
      network: given.network,
      widthPercent: given.widthPercent,
      zeroInitResidual: given.zeroInitResidual,
    }),
    transform: transformChoice(given, out),
    microBatch: given.microBatch ?? null,
  };
}

function transformChoice(given: GivenOptions, out: string): TransformChoice | null {
  const cache = path.resolve(given.cache ?? path.join(out, "gradients"));
  if (given.transform === undefined) {
    const { transformWeights, transformSection, transformRandomInit } = given;
    const stray = transformWeights ?? transformSection ?? transformRandomInit ?? given.cache;
    const hasSet = Object.keys(given.transformSet ?? {}).length > 0;
    if (stray !== undefined || hasSet) {
      throw new CommandLineError(
        "options of the transformation without one\nName its network: --transform stylegan.",
      );
    }
    return given.tiny === true ? { ...TINY_TRANSFORM, cache } : null;
  }
  const { transformWeights: weights } = given;
  return {
    model: given.transform,
    ...defined({
      weights: weights === undefined ? undefined : path.resolve(weights),
      section: given.transformSection,
      randomInit: given.transformRandomInit,
    }),
    set: given.transformSet ?? {},
    cache,
  };
}

/** Without what is undefined, as exact optional properties want it. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Begins a folder. @throws {FileError} if it cannot be written */
export function writeRunOptions(out: string, options: RunOptions): Promise<void> {
  return writeRunFile(out, options);
}

/**
 * The training that a folder holds; null if it holds none.
 *
 * @throws {FileError} if the file is there and is not ours
 */
export function readRunOptions(out: string): Promise<RunOptions | null> {
  return readRunFile(out, isRunOptions);
}

/** Those of other methods name theirs. */
function isRunOptions(value: object): value is RunOptions {
  return "version" in value && value.version === 1 && "recipe" in value && !("method" in value);
}

/** Options that are kept as absolute paths. */
const FILES: readonly string[] = ["weights", "transformWeights", "cache"];

/** Options that cannot be told again differently, as they are recorded. */
const FIXED = {
  preset: ({ recipe }) => recipe.preset,
  classes: ({ classes }) => classes?.join(","),
  limit: ({ limit }) => limit,
  classBalance: ({ recipe }) => recipe.sampling === "balanced",
  batchSize: ({ recipe }) => recipe.batchSize,
  microBatch: ({ microBatch }) => microBatch ?? undefined,
  lr: ({ recipe }) => recipe.learningRate,
  optim: ({ recipe }) => recipe.optimizer,
  flip: ({ recipe }) => recipe.flip,
  seed: ({ recipe }) => recipe.seed,
  size: ({ recipe }) => recipe.size,
  crop: ({ recipe }) => recipe.crop,
  weights: ({ weights }) => weights ?? undefined,
  network: ({ network }) => network,
  widthPercent: ({ widthPercent }) => widthPercent,
  zeroInitResidual: ({ zeroInitResidual }) => zeroInitResidual,
  transform: ({ transform }) => transform?.model,
  transformWeights: ({ transform }) => transform?.weights,
  transformSection: ({ transform }) => transform?.section,
  transformRandomInit: ({ transform }) => transform?.randomInit,
  transformSet: ({ transform }) => transform && JSON.stringify(transform.set),
  cache: ({ transform }) => transform?.cache,
} as const satisfies Partial<Record<keyof GivenOptions, (run: RunOptions) => unknown>>;

/**
 * A recorded training, with the number of epochs and the place of the images that are given now.
 *
 * @throws {CommandLineError} listing what is given otherwise than recorded
 */
export function continueOptions(
  recorded: RunOptions,
  given: GivenOptions,
  data: string | undefined,
): RunOptions {
  const differences = Object.entries(FIXED).flatMap(([name, recall]) => {
    const value = given[name as keyof typeof FIXED];
    if (value === undefined) return [];
    const text = name === "transformSet" ? JSON.stringify(value) : String(value);
    const now = FILES.includes(name) ? path.resolve(text) : text;
    const before = String(recall(recorded) ?? "none");
    return now === before ? [] : [`  ${name.padEnd(12)}  ${before}, now ${now}`];
  });
  if (differences.length > 0) {
    throw new CommandLineError(
      `the training was begun otherwise\n${differences.join("\n")}\n` +
        "Leave these options out: --resume knows them. Or begin another in a folder of its own.",
    );
  }
  const epochs = given.epochs ?? recorded.recipe.epochs;
  return {
    ...recorded,
    data: data === undefined ? recorded.data : path.resolve(data),
    recipe: { ...recorded.recipe, epochs },
  };
}
