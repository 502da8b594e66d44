/*
 * What an evaluation leaves: the files of --out, and the same as one JSON value.
 */
import path from "node:path";
import type { PaperRow } from "@fauxgrad/lgrad";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { renderReport } from "../report/html.ts";
import { fileError } from "../session/files.ts";
import { csvText } from "../terminal/csv.ts";
import { plural } from "../terminal/units.ts";
import type { DetectorCommandOptions } from "./detector-options.ts";
import type { Evaluation } from "./evaluation.ts";
import { evaluationPage } from "./evaluation-page.ts";
import { markdown, predictionRows, resultRows } from "./evaluation-text.ts";
import type { PerturbOptions, perturbationModes } from "./perturb-images.ts";
import type { Scored } from "./run-evaluation.ts";
import type { ScoreIdentity } from "./score-log.ts";
import { fileDigest } from "./score-log.ts";
import type { DataOptions, TestData } from "./test-data.ts";

/** Options of `lgrad eval`. */
export interface EvalOptions extends DetectorCommandOptions, DataOptions {
  readonly scores: "sigmoid" | "logits";
  readonly paperRow?: string;
  readonly bootstrap?: number | true;
  readonly confidence: number;
  readonly calibrate?: string;
  readonly perturb: (typeof perturbationModes)[number];
  readonly perturbParameters: PerturbOptions["parameters"];
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** What an evaluation was of. */
export interface Outcome {
  readonly test: TestData;
  readonly failures: Scored["failures"];
  readonly device: string;
  readonly transformation: string | null;
  readonly paper: PaperRow | null;
}

/** Writes all files of an evaluation. @throws {FileError} if the disk refuses */
export async function writeEvaluation(
  out: string,
  evaluation: Evaluation,
  told: Outcome,
  options: EvalOptions,
): Promise<void> {
  const { device, failures, paper, test } = told;
  const { scores } = options;
  const facts = { device, failures, paper, scores, notices: test.notices };
  const images = evaluation.predictions.length;
  const page = evaluationPage(evaluation, { ...facts, setting: settingOf(told, images, options) });
  const files = {
    "predictions.csv": csvText(predictionRows(evaluation.predictions)),
    "results.csv": csvText(resultRows(evaluation)),
    "results.json": `${JSON.stringify(evaluationJson(evaluation, told, options), null, 2)}\n`,
    "table.md": markdown(evaluation, paper),
    "report.html": renderReport(page),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(out, name);
    await writeFileAtomic(file, text).catch((cause: unknown) => {
      throw fileError("write", file, cause);
    });
  }
}

function settingOf(
  { test, transformation }: Outcome,
  count: number,
  options: EvalOptions,
): string[] {
  const { weights, perturb, perturbParameters, seed, sizes, channelOrder } = options;
  const images = `${plural(count, "image")}${test.isGradients ? ", gradients already" : ""}`;
  return [
    `${images}, judged by the classifier of ${weights}.`,
    ...(transformation === null ? [] : [`Gradients by ${transformation}; sizes: ${sizes}.`]),
    ...(channelOrder === "rgb" ? [] : ["The classifier saw red and blue exchanged."]),
    ...(perturb === "none"
      ? []
      : [`Half of the images perturbed: ${perturb}, ${perturbParameters}, seed ${seed}.`]),
  ];
}

/** Everything but the predictions, which have a file of their own. */
export function evaluationJson(evaluation: Evaluation, told: Outcome, options: EvalOptions) {
  const { summary, calibration, calibrated } = evaluation;
  const { test, failures, device, transformation, paper } = told;
  const { weights, sizes, channelOrder, scores, perturb, perturbParameters, seed } = options;
  return {
    classifier: weights,
    transformation,
    device,
    options: { sizes, channelOrder, scores, perturb, perturbParameters, seed },
    images: evaluation.predictions.length,
    notices: test.notices,
    failures,
    ...summary,
    calibration,
    calibrated,
    paper: paper === null ? null : { ...paper, cells: Object.fromEntries(paper.cells) },
  };
}

/** What decides about a score, apart from the image. */
export async function scoreIdentity(
  options: EvalOptions,
  { isGradients }: TestData,
  device: string,
): Promise<ScoreIdentity> {
  const { weights, section, modelWeights, modelSection, set, size, resize, sizes } = options;
  const { channelOrder, perturb, perturbParameters, seed, model, randomInit } = options;
  const transformation = {
    model: model ?? null,
    modelWeights: modelWeights === undefined ? null : await fileDigest(modelWeights),
    modelSection: modelSection ?? null,
    randomInit: randomInit ?? null,
    set: JSON.stringify(set ?? {}),
  };
  const isPerturbed = perturb !== "none";
  return {
    classifier: await fileDigest(weights),
    section: section ?? null,
    ...(isGradients ? { model: "none: gradients" } : transformation),
    ...{ size: size ?? null, resize, sizes, channelOrder, perturb },
    parameters: isPerturbed ? perturbParameters : null,
    seed: isPerturbed ? seed : null,
    device,
  };
}
