/*
 * What a training of T-GD is: decided once, when it begins, and kept in its folder, so that --resume
 * needs to be told nothing.
 */
import path from "node:path";
import type { TgdRecipe } from "@fauxgrad/tgd";
import { CommandLineError } from "../terminal/errors.ts";
import { requireUntold } from "../training/open-run.ts";
import { readRunFile, writeRunFile } from "../training/run-file.ts";

/** A training, in `run.json`. Files and folders are absolute. */
export interface TgdRun {
  readonly version: 1;
  readonly method: "tgd";
  readonly recipe: TgdRecipe;
  /** Holds train and val, or the two classes. */
  readonly data: string;
  /** Of the target, where `data` has none; null for that of `data`. */
  readonly targetVal: string | null;
  /** Of the source, in a transfer. */
  readonly sourceVal: string | null;
  /** What it begins from; null for random weights. */
  readonly weights: string | null;
  /** As the user decided it; null to let the device decide. */
  readonly microBatch: number | null;
}

/** Begins a folder. @throws {FileError} if it cannot be written */
export function writeRun(out: string, run: TgdRun): Promise<void> {
  return writeRunFile(out, run);
}

/**
 * The training that a folder holds; null if it holds none.
 *
 * @throws {FileError} if the file is there and is no training of T-GD
 */
export function readRun(out: string): Promise<TgdRun | null> {
  return readRunFile(out, isRun);
}

function isRun(value: object): value is TgdRun {
  const isOurs = "version" in value && value.version === 1;
  return isOurs && "method" in value && value.method === "tgd" && "recipe" in value;
}

/** What may be told again when a training is resumed. */
export interface ResumeOptions {
  readonly epochs?: number;
  readonly steps?: number;
  readonly microBatch?: number;
  /** Where the validation images are now, in a transfer that has such. */
  readonly targetVal?: string;
  readonly sourceVal?: string;
}

/**
 * A recorded training, with the length and the place of the images that are given now.
 *
 * @param given the recipe's options: only the length may be among them
 * @throws {CommandLineError} listing what cannot be told again
 */
export function continueRun(
  recorded: TgdRun,
  given: ResumeOptions & object,
  fixed: readonly string[],
  data: string | undefined,
): TgdRun {
  const places = (["targetVal", "sourceVal"] as const).filter((name) => recorded[name] === null);
  requireUntold(given, [...fixed, ...places]);
  const { epochs, steps } = given;
  const { duration } = recorded.recipe;
  const length = { epochs, steps }[duration.unit];
  const other = duration.unit === "epochs" ? steps : epochs;
  if (other !== undefined) {
    throw new CommandLineError(
      `the length of this training is counted in ${duration.unit}: ${duration.count}\n` +
        `Pass --${duration.unit} to make it longer.`,
    );
  }
  return {
    ...recorded,
    data: data === undefined ? recorded.data : path.resolve(data),
    targetVal: placeOf(given.targetVal) ?? recorded.targetVal,
    sourceVal: placeOf(given.sourceVal) ?? recorded.sourceVal,
    recipe: { ...recorded.recipe, duration: { ...duration, count: length ?? duration.count } },
  };
}

function placeOf(folder: string | undefined): string | null {
  return folder === undefined ? null : path.resolve(folder);
}

/** What to know about a resumed training that outlasts its cosine; null where it does not. */
export function cosineNotice({ learningRate, duration }: TgdRecipe): string | null {
  const { decay, warmUp, unit } = learningRate;
  if (decay.kind !== "cosine" || unit !== duration.unit) return null;
  // As `learningRateAt` counts: the cosine begins after the warm-up.
  const end = decay.tMax + (warmUp === null ? 0 : warmUp.length + 1);
  if (duration.count - 1 <= end) return null;
  return (
    `The cosine of the learning rate falls until ${unit} ${end}, as the training was begun; of ` +
    `${duration.count} ${unit} it rises again in the rest.\n` +
    "For a cosine of this length begin a new training, from this one's model."
  );
}
