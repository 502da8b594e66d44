// A training's folder: the one that is begun in it, or the one that is there and goes on.

import path from "node:path";
import { CommandLineError } from "../terminal/errors.ts";
import { note } from "../terminal/output.ts";
import type { Checkpoints, FoundCheckpoint, StepProgress } from "./checkpoints.ts";

/** Which folder, and whether its training goes on. */
export interface GivenRun {
  readonly out: string;
  readonly resume?: boolean;
}

/** The two ways to a training. */
export interface RunChoices<Run> {
  /** The training that the folder holds; null if it holds none. */
  readonly recorded: Run | null;
  goOn(recorded: Run): Run;
  begin(): Run | Promise<Run>;
}

/**
 * The training that is begun or gone on with; nothing is written yet.
 *
 * @throws {CommandLineError} if there is one and it is not to go on, or there is none and it is
 */
export async function openRun<Run>(
  { out, resume = false }: GivenRun,
  { recorded, goOn, begin }: RunChoices<Run>,
): Promise<Run> {
  if (resume && recorded !== null) return goOn(recorded);
  if (resume) {
    throw new CommandLineError(`${out} holds no training\nLeave --resume out to begin one.`);
  }
  if (recorded !== null) {
    throw new CommandLineError(
      `${out} holds a training already\nAdd --resume to go on with it, or choose another folder.`,
    );
  }
  return begin();
}

/** The checkpoint to go on from; null where a training begins. Damaged ones are told. */
export async function findCheckpoint<Progress extends StepProgress>(
  checkpoints: Checkpoints<Progress>,
  { resume = false }: GivenRun,
): Promise<FoundCheckpoint<Progress> | null> {
  const checkpoint = resume ? await checkpoints.read() : null;
  for (const file of checkpoint?.damaged ?? []) note(`${file} is damaged; the one before is used.`);
  return checkpoint;
}

/**
 * The folder of images, or that of the generated ones.
 *
 * @throws {CommandLineError} if there is none, or there are both
 */
export function dataFolder(
  data: string | undefined,
  { tiny = false, out }: { readonly tiny?: boolean; readonly out: string },
): string {
  if (data === undefined && !tiny) {
    throw new CommandLineError("there are no images\nName the folder that holds train and val.");
  }
  if (data !== undefined && tiny) {
    throw new CommandLineError("--tiny makes its own images\nLeave the folder out, or --tiny.");
  }
  return path.resolve(data ?? path.join(out, "images"));
}

/**
 * Refuses options that a training was begun with.
 *
 * @param names of the options that cannot be told again
 * @throws {CommandLineError} listing those that are
 */
export function requireUntold(given: object, names: readonly string[]): void {
  const told = names.filter((name) => (given as Record<string, unknown>)[name] !== undefined);
  if (told.length === 0) return;
  throw new CommandLineError(
    `the training was begun already, with its options: ${told.map(flagOf).join(", ")}\n` +
      "Leave these out: --resume knows them. Or begin another in a folder of its own.",
  );
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
