// `--before`: a model, or the results of an earlier evaluation.

import { readFile } from "node:fs/promises";
import { fileError } from "../session/files.ts";
import { FileError } from "../terminal/errors.ts";
import { type ModelFile, readModel } from "./model-file.ts";
import { type ModelOptions, modelChoice } from "./model-options.ts";

/** AUROCs by the test set's name. */
export type BeforeAurocs = ReadonlyMap<string, number>;

/** What was before the transfer: one of the two. */
export interface Before {
  readonly model: ModelFile | null;
  readonly aurocs: BeforeAurocs;
}

/**
 * @throws {FileError} if a file cannot be read or holds no results
 * @throws {CheckpointError} if it is no checkpoint
 */
export async function findBefore(
  given: string | undefined,
  options: ModelOptions,
): Promise<Before> {
  if (given === undefined) return { model: null, aurocs: new Map() };
  if (given.toLowerCase().endsWith(".json")) {
    return { model: null, aurocs: await readResults(given) };
  }
  return { model: await readBeforeModel(given, options), aurocs: new Map() };
}

/** The model before the transfer, of the kind that the options say. */
export function readBeforeModel(weights: string, options: ModelOptions): Promise<ModelFile> {
  const { section: _section, ...choice } = modelChoice(options);
  return readModel({ ...choice, weights });
}

async function readResults(file: string): Promise<BeforeAurocs> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw fileError("read the results", file, cause);
  });
  try {
    const { sets } = JSON.parse(text) as { sets: { name: string; rocAuc: number | null }[] };
    return new Map(sets.map(({ name, rocAuc }) => [name, rocAuc ?? Number.NaN]));
  } catch (cause) {
    throw new FileError(
      `${file} holds no results of tgd eval\nPass the results.json of one, or a model.`,
      { cause },
    );
  }
}
