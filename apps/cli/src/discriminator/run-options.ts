/*
 * What a discriminator's training is: decided once, when it begins, and kept in its folder, so that
 * --resume needs to be told nothing.
 */
import path from "node:path";
import {
  type DiscriminatorName,
  type DiscriminatorRecipe,
  discriminatorRecipe,
} from "@fauxgrad/lgrad";
import { dataFolder, requireUntold } from "../training/open-run.ts";
import { readRunFile } from "../training/run-file.ts";

/** What the command line may say about a training. */
export interface GivenDiscriminator {
  readonly model?: DiscriminatorName;
  readonly set?: Readonly<Record<string, string>>;
  readonly weights?: string;
  readonly section?: string;
  readonly classes?: readonly string[];
  readonly limit?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly microBatch?: number;
  readonly lr?: number;
  readonly flip?: boolean;
  readonly seed?: number;
  readonly tiny?: boolean;
}

/** A training, in `run.json`. */
export interface DiscriminatorRun {
  readonly version: 1;
  readonly method: "discriminator";
  readonly recipe: DiscriminatorRecipe;
  /** Options of the network. */
  readonly set: Readonly<Record<string, string>>;
  /** Before the first step, absolute; null for random ones. */
  readonly weights: string | null;
  /** Which of several networks in the file of weights; absent for the only one. */
  readonly section?: string;
  /** Absolute. */
  readonly data: string;
  /** Null for all. */
  readonly classes: readonly string[] | null;
  /** Training images, half of them real; absent for all. */
  readonly limit?: number;
  /** As the user decided it; null to let the device decide. */
  readonly microBatch: number | null;
}

/** Sizes of a network that two cores train: the published ones have 256 pixels and 512 channels. */
const SIZES = { resolution: "128", fmapsBase: "1024", fmapsMax: "64" } as const;
/** What `--tiny` changes: a training of seconds on 12 generated images. */
const TINY_SIZES = { resolution: "32", fmapsBase: "256", fmapsMax: "8" } as const;
const TINY = { batchSize: 4, epochs: 2 } as const;

/** Options that cannot be told again when a training is resumed. */
const FIXED: readonly (keyof GivenDiscriminator)[] = [
  ...(["model", "set", "weights", "section", "classes", "limit", "batchSize"] as const),
  ...(["microBatch", "lr", "flip", "seed", "tiny"] as const),
];

/**
 * The training that the command line asks for.
 *
 * @throws {CommandLineError} if its parts do not go together
 */
export function resolveRun(
  given: GivenDiscriminator,
  out: string,
  data: string | undefined,
): DiscriminatorRun {
  const { tiny = false, weights, set = {}, limit, section } = given;
  const base = tiny ? { ...discriminatorRecipe, ...TINY } : discriminatorRecipe;
  const recipe: DiscriminatorRecipe = {
    ...base,
    model: given.model ?? base.model,
    learningRate: given.lr ?? base.learningRate,
    batchSize: given.batchSize ?? base.batchSize,
    epochs: given.epochs ?? base.epochs,
    flip: given.flip ?? base.flip,
    seed: given.seed ?? base.seed,
  };
  return {
    version: 1,
    method: "discriminator",
    recipe,
    // Weights decide the sizes.
    set: weights === undefined ? { ...(tiny ? TINY_SIZES : SIZES), ...set } : set,
    weights: weights === undefined ? null : path.resolve(weights),
    ...(section === undefined ? {} : { section }),
    data: dataFolder(data, { tiny, out }),
    classes: given.classes ?? null,
    ...(limit === undefined ? {} : { limit }),
    microBatch: given.microBatch ?? null,
  };
}

/**
 * A recorded training, with the number of epochs and the place of the images that are given now.
 *
 * @throws {CommandLineError} listing what cannot be told again
 */
export function continueRun(
  recorded: DiscriminatorRun,
  given: GivenDiscriminator,
  data: string | undefined,
): DiscriminatorRun {
  requireUntold(given, FIXED);
  const epochs = given.epochs ?? recorded.recipe.epochs;
  return {
    ...recorded,
    data: data === undefined ? recorded.data : path.resolve(data),
    recipe: { ...recorded.recipe, epochs },
  };
}

/**
 * The training that a folder holds; null if it holds none.
 *
 * @throws {FileError} if the file is there and is of another kind of training
 */
export function readRun(out: string): Promise<DiscriminatorRun | null> {
  return readRunFile(out, isRun);
}

function isRun(value: object): value is DiscriminatorRun {
  return (
    "version" in value &&
    value.version === 1 &&
    "method" in value &&
    value.method === "discriminator"
  );
}
