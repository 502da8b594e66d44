/*
 * The options of `tgd pretrain` and `tgd transfer` that decide about the training, and the recipe
 * that they come to: a preset, changed by a file, changed by options.
 */
import { readFile } from "node:fs/promises";
import {
  type CutMixRecipe,
  changeRecipe,
  type RecipeNetworkName,
  type RecipePreset,
  readRecipe,
  recipePreset,
  type Selection,
  type Stage,
  type TgdRecipe,
  type TimeUnit,
  type TransferMethod,
} from "@fauxgrad/tgd";
import { fileError } from "../session/files.ts";
import { CommandLineError, FileError, messageOf } from "../terminal/errors.ts";

/** `none`, `adaptive`, or two constants. */
export type Strength = "adaptive" | "none" | readonly [alpha: number, beta: number];

/** What the command line may say about a recipe. */
export interface GivenRecipe {
  readonly preset?: RecipePreset;
  readonly method?: TransferMethod;
  readonly network?: RecipeNetworkName;
  readonly recipe?: string;
  readonly batchSize?: number;
  readonly lr?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly warmup?: { readonly multiplier: number; readonly length: number } | "none";
  readonly milestones?: readonly number[] | "none";
  readonly optim?: "sgd" | "adam";
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly dropRate?: number;
  readonly dropConnect?: number;
  readonly flip?: number;
  readonly blur?: number;
  readonly blurTruncation?: boolean;
  readonly jpeg?: number;
  readonly cutmix?: CutMixRecipe["kind"];
  readonly cutmixRate?: number;
  readonly seed?: number;
  readonly size?: number;
  readonly set?: Readonly<Record<string, string>>;
  readonly selection?: Selection;
  readonly s?: number;
  readonly strength?: Strength;
  readonly startingPoint?: "moving" | "fixed";
  readonly feedback?: { readonly every: number; readonly unit: TimeUnit } | "none";
  readonly scope?: "conv" | "all-but-fc" | "all";
  readonly tiny?: boolean;
}

/** What a transfer takes from the model that it begins with. */
export type SourceRecipe = Pick<TgdRecipe, "network" | "augmentation">;

/**
 * The recipe that the command line asks for.
 *
 * @param source of the model that a transfer begins with; its network, size and normalisation stay
 * @throws {CommandLineError} naming what does not go together
 * @throws {FileError} if the file of `--recipe` cannot be read
 */
export async function resolveRecipe(
  stage: Stage,
  given: GivenRecipe,
  source: SourceRecipe | null = null,
): Promise<TgdRecipe> {
  const file = given.recipe === undefined ? null : await readJson(given.recipe);
  try {
    const whole = file !== null && "stage" in file ? readRecipe(file) : presetOf(stage, given);
    if (whole.stage !== stage) {
      throw new CommandLineError(
        `${given.recipe} is the recipe of a ${whole.stage}\nPass one of a ${stage}.`,
      );
    }
    const fromFile = file === null || "stage" in file ? whole : changeRecipe(whole, file);
    const inherited = source === null ? fromFile : changeRecipe(fromFile, inheritedFrom(source));
    const small =
      given.tiny === true
        ? changeRecipe(inherited, tinyChanges(inherited, source !== null))
        : inherited;
    return applyOptions(small, given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandLineError(error.message, { cause: error });
  }
}

function presetOf(stage: Stage, given: GivenRecipe): TgdRecipe {
  const isAutoencoder = given.network === "forensic_transfer";
  const method = given.method ?? (isAutoencoder ? "forensic-transfer" : undefined);
  return recipePreset({
    stage,
    preset: given.preset ?? "paper",
    ...(method === undefined ? {} : { method }),
    ...(given.network === undefined ? {} : { network: given.network }),
  });
}

/** The input that the weights know, and the network that they are of; but for B0 none drops. */
export function inheritedFrom({ network, augmentation: { size, normalization } }: SourceRecipe) {
  return {
    ...{ network, "augmentation.size": size, "augmentation.normalization": normalization },
    ...(network.name === "tgd_resnext50_32x4d" || network.name === "small_cnn"
      ? { dropRate: 0, dropConnectRate: 0 }
      : {}),
  };
}

/** A demonstration of seconds: three stages of B0 with a quarter of the channels, 32 pixels. */
function tinyChanges({ stage, network, regularization, method }: TgdRecipe, isInherited: boolean) {
  const isReduced = network.name === "tgd_efficientnet_b0" && !isInherited;
  const length = stage === "pretrain" ? 8 : 4;
  return {
    batchSize: 16,
    dropLast: true,
    duration: { count: length, unit: "epochs" },
    ...(isInherited ? {} : { "augmentation.size": 32 }),
    ...(isReduced ? { network: { name: network.name, options: TINY_NETWORK } } : {}),
    // ForensicTransfer's Adam needs no other rate.
    ...(method === "forensic-transfer" ? {} : { learningRate: TINY_RATE }),
    ...(regularization === null ? {} : { "regularization.feedback": { every: 4, unit: "steps" } }),
  };
}

const TINY_NETWORK = { standardizeSE: false, stages: "3", widthPercent: 25 } as const;
const TINY_RATE = {
  base: 0.1,
  warmUp: null,
  decay: { kind: "constant" },
  milestones: null,
  unit: "steps",
} as const;

function applyOptions(recipe: TgdRecipe, given: GivenRecipe): TgdRecipe {
  const changes = {
    ...lengthChanges(recipe, given),
    ...optimizerChanges(recipe, given),
    ...penaltyChanges(recipe, given),
    ...networkChanges(recipe, given),
    ...defined({
      batchSize: given.batchSize,
      dropRate: given.dropRate,
      dropConnectRate: given.dropConnect,
      seed: given.seed,
      selection: given.selection,
      "learningRate.base": given.lr,
      "learningRate.warmUp": given.warmup === "none" ? null : given.warmup,
      "augmentation.size": given.size,
      "augmentation.flip": given.flip,
      "augmentation.blur.rate": given.blur,
      "augmentation.jpeg.rate": given.jpeg,
      "augmentation.cutMix.kind": given.cutmix,
      "augmentation.cutMix.rate": given.cutmixRate,
    }),
    ...(given.blurTruncation === false ? { "augmentation.blur.truncate": false } : {}),
  };
  return changeRecipe(recipe, changes);
}

/** The cosine ends with the run, where both count the same. */
function lengthChanges({ learningRate, duration }: TgdRecipe, given: GivenRecipe) {
  const { epochs, steps, milestones } = given;
  if (epochs !== undefined && steps !== undefined) {
    throw new CommandLineError(
      "--epochs and --steps are two lengths of one run\nPass one of them.",
    );
  }
  const count = epochs ?? steps;
  const unit: TimeUnit = steps === undefined ? "epochs" : "steps";
  const length = count === undefined ? duration : { count, unit };
  const { decay } = learningRate;
  const followsLength = count !== undefined && learningRate.unit === unit;
  return {
    ...(count === undefined ? {} : { duration: length }),
    ...(followsLength && decay.kind === "cosine" ? { "learningRate.decay.tMax": count } : {}),
    ...(milestones === undefined ? {} : { "learningRate.milestones": milestonesOf(milestones) }),
  };
}

function milestonesOf(at: readonly number[] | "none") {
  return at === "none" ? null : { at, factor: 0.1, from: "after" };
}

/** PyTorch's defaults where the kind changes. */
function optimizerChanges({ optimizer }: TgdRecipe, given: GivenRecipe) {
  const { optim, momentum, weightDecay = optimizer.weightDecay } = given;
  if (optim === undefined && momentum === undefined && given.weightDecay === undefined) return {};
  const kind = optim ?? optimizer.kind;
  if (kind === "adam") {
    if (momentum !== undefined) {
      throw new CommandLineError("--momentum belongs to sgd, and the optimizer is adam\nLeave it.");
    }
    const eps = optimizer.kind === "adam" ? optimizer.eps : 1e-8;
    return { optimizer: { kind, eps, weightDecay } };
  }
  const before = optimizer.kind === "sgd" ? optimizer.momentum : 0;
  return { optimizer: { kind, momentum: momentum ?? before, weightDecay } };
}

function penaltyChanges({ regularization }: TgdRecipe, given: GivenRecipe) {
  const { s, strength, startingPoint, feedback, scope } = given;
  const asked = Object.entries({ s, strength, startingPoint, feedback, scope })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => (name === "startingPoint" ? "--starting-point" : `--${name}`));
  if (asked.length === 0) return {};
  if (regularization === null) {
    throw new CommandLineError(
      `${asked.join(", ")}: this method has no penalties\nLeave the option out, or --method tgd.`,
    );
  }
  if (strength === "none") return { regularization: null };
  return {
    regularization: {
      ...regularization,
      ...defined({ s, startingPoint, scope }),
      ...(feedback === undefined ? {} : { feedback: feedback === "none" ? null : feedback }),
      ...(strength === undefined ? {} : strengthChanges(strength)),
    },
  };
}

function strengthChanges(strength: Exclude<Strength, "none">) {
  if (strength === "adaptive") return { alpha: strength, beta: strength };
  const [alpha, beta] = strength;
  return { alpha, beta };
}

function networkChanges({ network }: TgdRecipe, { set = {} }: GivenRecipe) {
  if (Object.keys(set).length === 0) return {};
  return { network: { name: network.name, options: { ...network.options, ...set } } };
}

/** Without what is undefined. */
function defined<T extends object>(values: T): Partial<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw fileError("read the recipe", file, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${file} is no JSON: ${messageOf(cause)}\nCorrect it.`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new FileError(
    `${file} is no recipe\nWrite an object: a whole recipe, or changes such as ` +
      '{ "augmentation.blur.rate": 0.1 }.',
  );
}
