import path from "node:path";
import { type TgdPaperRow, tgdPaperRow, tgdPaperRows } from "@fauxgrad/tgd";
import { describePerturbation } from "@fauxgrad/training";
import { type Command, InvalidArgumentError, Option } from "commander";
import { calibrate } from "../detection/evaluation.ts";
import { fileDigest, ScoreLog } from "../detection/score-log.ts";
import { type GpuSession, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes, FileError } from "../terminal/errors.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseConfidence, parseCount, parseOneOf, parseSeed } from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";
import { type BeforeAurocs, findBefore } from "../tgd/before.ts";
import {
  aurocOf,
  evaluateSet,
  forgettingOf,
  type RankedBy,
  type RobustnessRow,
  type TgdEvaluation,
} from "../tgd/evaluation.ts";
import { beforeKey, jobsOf, perturbedKey, testKey, VALIDATION } from "../tgd/evaluation-jobs.ts";
import { evaluationJson, writeTgdEvaluation } from "../tgd/evaluation-output.ts";
import { evaluationText } from "../tgd/evaluation-text.ts";
import { keepCalibration } from "../tgd/keep-calibration.ts";
import { type ModelFile, readModel } from "../tgd/model-file.ts";
import { addModelOptions, type ModelOptions, modelChoice } from "../tgd/model-options.ts";
import { type OpenModel, openModel } from "../tgd/open-model.ts";
import {
  findCalibrationSet,
  findSets,
  type NamedData,
  ROBUSTNESS,
  type ScoredJobs,
  scoreJobs,
} from "../tgd/score-sets.ts";

interface EvalOptions extends ModelOptions {
  readonly data: ReadonlyMap<string, string>;
  readonly source?: string;
  readonly before?: string;
  readonly scores: RankedBy;
  readonly perBatch?: number;
  readonly fpr: readonly number[];
  readonly bootstrap?: number | true;
  readonly confidence: number;
  readonly calibrate?: string;
  readonly saveCalibration?: boolean;
  readonly robustness?: boolean;
  readonly paperRow?: string;
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
}

const RESAMPLES = 1000;

const DETAILS = `
Each --data is NAME=DIR, with DIR/test/{0,1} or the classes directly; names that the paper's tables
have are put beside its numbers. With --source NAME and --before, a model (or the results.json of an
earlier evaluation) from before the transfer, it tells what was forgotten of the source.
--calibrate fits probabilities to a validation set; --save-calibration keeps them beside the model,
where tgd detect finds them. --robustness judges every set again after JPEG, blur, scaling and noise.

With --out DIR: predictions.csv, results.csv, results.json, table.md and report.html; and
scores.jsonl, from which an evaluation that was interrupted goes on when it is run again.

Examples:
  fauxgrad tgd eval --weights runs/pggan-star --data PGGAN=PGGAN_128 --data StarGAN=StarGAN_128 \\
      --source PGGAN --before runs/pggan --paper-row table1/tgd-b0/PGGAN/transfer --out results/
  fauxgrad tgd eval --weights runs/pggan --data PGGAN=PGGAN_128 --calibrate PGGAN_128 \\
      --save-calibration --bootstrap`;

/** `fauxgrad tgd eval` */
export function addTgdEval(tgd: Command): void {
  const command = tgd
    .command("eval")
    .summary("AUROC on several generators, and what was forgotten")
    .description("Measures a detector on test sets, as the paper's tables do.")
    .requiredOption("--data <name=dir>", "a test set; may be given several times", parseSet)
    .option("--source <name>", "which of the sets is the source's")
    .option("--before <model or results.json>", "from before the transfer, to tell forgetting");
  addModelOptions(command)
    .addOption(
      new Option("--scores <kind>", "what images are ranked by")
        .choices(["margin", "logit1"])
        .default("margin"),
    )
    .option("--per-batch <n>", "also the mean of the AUROCs of batches, as the authors", parseCount)
    .option("--fpr <list>", "false positive rates, with commas between", parseRates, [0.01, 0.05])
    .option("--bootstrap [resamples]", "confidence intervals (1000 resamples)", parseCount)
    .option("--confidence <share>", "of the intervals", parseConfidence, 0.95)
    .option("--calibrate <dir>", "a validation set to fit probabilities to")
    .option("--save-calibration", "keep them beside the model")
    .option("--robustness", "AUROC after JPEG, blur, scaling and noise")
    .option("--paper-row <row>", "a row of the paper to compare with, table1/…", parsePaperRow)
    .option("--seed <n>", "of the batches and the bootstrap", parseSeed, 0)
    .option("--out <dir>", "write tables, predictions and a report into it")
    .option("--json", "print the results as JSON")
    .addHelpText("after", DETAILS);
  setAction<EvalOptions>(command, (_operands, options) => evaluate(options));
}

async function evaluate(options: EvalOptions): Promise<number> {
  checkOptions(options);
  const sets = await findSets(options.data);
  const folder = options.calibrate;
  const validation = folder === undefined ? null : await findCalibrationSet(folder);
  const model = await readModel(modelChoice(options));
  const before = await findBefore(options.before, options);
  const session = await openGpu(options);
  const opened = openModel(session, model, options);
  const earlier = before.model === null ? null : openModel(session, before.model, options);
  note(`${model.recipe.network.name} of ${model.file}, on ${opened.device}`);
  const log = await openLog(options, [model, before.model], opened);
  const jobs = jobsOf(sets, validation, { opened, earlier, isRobustness: options.robustness });
  const scored = await scoreJobs(jobs, { log, maxPixels: options.maxPixels }).catch(
    (error: unknown) => {
      if (log !== null) note(`The scores so far are in ${log.file}: the same command goes on.`);
      throw error;
    },
  );
  closeAll(session, [opened, earlier]);
  requireJudged(scored);
  const evaluation = measureAll(sets, scored, before.aurocs, options);
  const { calibration } = evaluation;
  if (calibration !== null && options.saveCalibration === true) {
    note(`The calibration is in ${await keepCalibration(model.file, calibration)}`);
  }
  await report(evaluation, scored, { sets, model, device: opened.device, options });
  return scored.failures.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function checkOptions({ data, source, before, calibrate: folder, saveCalibration }: EvalOptions) {
  if (source !== undefined && !data.has(source)) {
    throw new CommandLineError(
      `--source ${source} is none of the test sets: ${[...data.keys()].join(", ")}\n` +
        "Name one of them.",
    );
  }
  if (before !== undefined && source === undefined) {
    throw new CommandLineError("--before tells forgetting of a source\nName it: --source NAME.");
  }
  if (saveCalibration === true && folder === undefined) {
    throw new CommandLineError("there is no calibration to save\nPass --calibrate DIR.");
  }
}

/** Scores are kept where there is a folder for them. */
async function openLog(
  { out }: EvalOptions,
  models: readonly (ModelFile | null)[],
  { device, side }: OpenModel,
): Promise<ScoreLog | null> {
  if (out === undefined) return null;
  const [model = null, before = null] = await Promise.all(
    models.map((each) => (each === null ? null : fileDigest(each.file))),
  );
  const network = JSON.stringify(models[0]?.recipe.network ?? null);
  const identity = { model, before, network, side, device };
  const log = await ScoreLog.open(path.join(out, "scores.jsonl"), identity);
  if (log.replaced) note(`${log.file} held scores of other models: they are replaced.`);
  return log;
}

function closeAll(session: GpuSession, models: readonly (OpenModel | null)[]): void {
  for (const model of models) model?.close();
  session.close();
}

function requireJudged({ sets, failures }: ScoredJobs): void {
  const empty = [...sets.values()].filter(({ predictions }) => predictions.length === 0);
  if (empty.length === 0) return;
  throw new FileError(
    `none of the images of ${empty.map(({ name }) => name).join(", ")} could be judged, ` +
      `${plural(failures.length, "file")} in all\nSee the messages above.`,
  );
}

function measureAll(
  named: readonly NamedData[],
  { sets }: ScoredJobs,
  told: BeforeAurocs,
  options: EvalOptions,
): TgdEvaluation {
  const { scores, fpr: rates, perBatch = null, confidence, seed, bootstrap = null } = options;
  const resamples = bootstrap === true ? RESAMPLES : bootstrap;
  const choice = { scores, rates, perBatch, bootstrap: resamples, confidence, seed };
  const names = named.map(({ name }) => name);
  const measured = names.map((name) => evaluateSet(sets.get(testKey(name))!, choice));
  const before = names.flatMap((name) => {
    const set = sets.get(beforeKey(name));
    const rocAuc = set === undefined ? told.get(name) : aurocOf(set, scores);
    return rocAuc === undefined ? [] : [{ name, rocAuc }];
  });
  const validation = sets.get(VALIDATION);
  return {
    sets: measured,
    before,
    forgetting: forgettingOf(options.source, before, measured),
    calibration: validation === undefined ? null : calibrate(validation.predictions),
    robustness: options.robustness === true ? names.map((name) => robustnessOf(name)) : [],
    paper: paperRowOf(options),
  };

  function robustnessOf(name: string): RobustnessRow {
    const aurocs = ROBUSTNESS.map((perturbation) => {
      const done = describePerturbation(perturbation);
      return [done, aurocOf(sets.get(perturbedKey(name, done))!, scores)] as const;
    });
    return { name, aurocs: new Map(aurocs) };
  }
}

function paperRowOf({ paperRow }: EvalOptions): TgdPaperRow | null {
  return paperRow === undefined ? null : (tgdPaperRow(paperRow) ?? null);
}

interface Told {
  readonly sets: readonly NamedData[];
  readonly model: ModelFile;
  readonly device: string;
  readonly options: EvalOptions;
}

async function report(
  evaluation: TgdEvaluation,
  { sets: scored, failures }: ScoredJobs,
  { sets, model, device, options }: Told,
): Promise<void> {
  const { out, json, scores, before } = options;
  const facts = {
    ...{ device, scores, failures, model: model.file, before: before ?? null },
    sets: sets.map(({ name }) => scored.get(testKey(name))!),
  };
  if (out !== undefined) await writeTgdEvaluation(out, evaluation, facts);
  if (json === true) {
    printJson(evaluationJson(evaluation, facts));
    return;
  }
  print(evaluationText(evaluation));
  if (failures.length > 0) note(`${plural(failures.length, "file")} left out.`);
}

function parseSet(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const match = /^([^=/\\]+)=(.+)$/.exec(text);
  const name = match?.[1] ?? path.basename(path.resolve(text));
  if (before.has(name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return new Map([...before, [name, match?.[2] ?? text]]);
}

function parseRates(text: string): number[] {
  const rates = text.split(",").map(Number);
  if (rates.some((rate) => !(rate > 0 && rate < 1))) {
    throw new InvalidArgumentError("Write shares between 0 and 1, such as 0.01,0.05.");
  }
  return rates;
}

function parsePaperRow(text: string): string {
  const known = tgdPaperRows.map(({ id }) => id);
  const form = "Write table1/METHOD/SOURCE/STATE, such as table1/tgd-b0/PGGAN/transfer.";
  return parseOneOf(text, known, form);
}
