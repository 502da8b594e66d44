/*
 * Test sets through a model; with every score kept, so that an interrupted evaluation goes on.
 */
import path from "node:path";
import { applyPerturbation, describePerturbation, type Perturbation } from "@fauxgrad/training";
import {
  type FileFailure,
  type PerturbTestImage,
  scoreTestData,
} from "../detection/run-evaluation.ts";
import type { ScoreLog } from "../detection/score-log.ts";
import { findTestData, findValidationData, type TestData } from "../detection/test-data.ts";
import { DecodePool } from "../io/decode-pool.ts";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import type { ScoredSet } from "./evaluation.ts";
import type { OpenModel } from "./open-model.ts";

/** A test set by its name. */
export interface NamedData {
  readonly name: string;
  readonly data: TestData;
}

/** `NAME=DIR`, or a folder that is named as itself. */
export type SetFolders = ReadonlyMap<string, string>;

/**
 * Finds test sets: `DIR/test/{0,1}`, or the classes directly.
 *
 * @throws {CommandLineError} if a set lacks a class
 */
export async function findSets(folders: SetFolders): Promise<NamedData[]> {
  const sets: NamedData[] = [];
  for (const [name, folder] of folders) {
    const data = await findTestData({ data: folder, gradients: false });
    tell(name, data);
    sets.push({ name, data });
  }
  return sets;
}

/** Finds the validation set of a calibration. @throws {CommandLineError} if it lacks a class */
export async function findCalibrationSet(folder: string): Promise<NamedData> {
  const data = await findValidationData(folder, { gradients: false });
  const name = "validation";
  tell(name, data);
  if (new Set(data.images.map(({ label }) => label)).size < 2) {
    throw new CommandLineError(
      `--calibrate ${folder}: all images are of one class\n` +
        "Pass a validation set with real and fake images.",
    );
  }
  return { name, data };
}

function tell(name: string, { problems, images }: TestData): void {
  for (const { message } of problems) note(message);
  const fake = images.filter(({ label }) => label === 1).length;
  note(`${name}: ${images.length - fake} real, ${fake} fake`);
}

/** One pass over one set. */
export interface ScoreJob {
  readonly set: NamedData;
  readonly model: OpenModel;
  /** Part of the log: `PGGAN`, `before/PGGAN`, `PGGAN/jpeg q=50`. */
  readonly key: string;
  readonly perturbation: Perturbation | null;
}

/** What became of the jobs. */
export interface ScoredJobs {
  /** By their keys. */
  readonly sets: ReadonlyMap<string, ScoredSet>;
  readonly failures: readonly FileFailure[];
}

/** Does all jobs, but for the images that the log knows. */
export async function scoreJobs(
  jobs: readonly ScoreJob[],
  { log, maxPixels }: { readonly log: ScoreLog | null; readonly maxPixels?: number | undefined },
): Promise<ScoredJobs> {
  const total = jobs.reduce((sum, { set }) => sum + set.data.images.length, 0);
  const pool = new DecodePool();
  const progress = startProgress({ total, unit: "images" });
  const sets = new Map<string, ScoredSet>();
  const failures = new Map<string, FileFailure>();
  try {
    for (const { set, model, key, perturbation } of jobs) {
      const { side, batchSize, score } = model;
      const scored = await scoreTestData(set.data, {
        ...{ pool, progress, log, set: key, resize: "bilinear", signal: interruption },
        scorer: { side, batchSize, score },
        perturb: perturbation === null ? null : changeBy(perturbation),
        ...(maxPixels === undefined ? {} : { maxPixels }),
      });
      sets.set(key, { name: set.name, predictions: scored.predictions });
      for (const failure of scored.failures) failures.set(path.resolve(failure.file), failure);
    }
  } finally {
    progress.stop();
    await pool.close();
  }
  return { sets, failures: [...failures.values()] };
}

function changeBy(perturbation: Perturbation): PerturbTestImage {
  const done = describePerturbation(perturbation);
  return async (image) => ({
    image: await applyPerturbation(image, perturbation, jpegCodec),
    done,
  });
}

/** What `--robustness` does to the images, each alone. */
export const ROBUSTNESS: readonly Perturbation[] = [
  ...[90, 70, 50, 30].map((quality) => ({ kind: "jpeg", quality, channelOrder: "rgb" }) as const),
  ...[1, 2, 3].map((sigma) => ({ kind: "gaussian", sigma }) as const),
  ...[0.5, 0.75].map((factor) => ({ kind: "rescale", factor }) as const),
  { kind: "noise", sigma: 5, seed: 0 },
];
