import path from "node:path";
import { paperRow, paperRows } from "@fauxgrad/lgrad";
import { type Command, Option } from "commander";
import { addDetectorOptions, checkTransformation } from "../detection/detector-options.ts";
import { type Evaluation, evaluate } from "../detection/evaluation.ts";
import {
  type EvalOptions,
  evaluationJson,
  type Outcome,
  scoreIdentity,
  writeEvaluation,
} from "../detection/evaluation-output.ts";
import { comparisonRows, officialLines, terminalTable } from "../detection/evaluation-text.ts";
import { perturbationModes } from "../detection/perturb-images.ts";
import { openScorer, type Scored, scoreAll } from "../detection/run-evaluation.ts";
import { ScoreLog } from "../detection/score-log.ts";
import { findTestData, findValidationData, type TestData } from "../detection/test-data.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes, FileError } from "../terminal/errors.ts";
import { columns, note, print, printJson } from "../terminal/output.ts";
import {
  parseConfidence,
  parseCount,
  parseNames,
  parseOneOf,
  parseSeed,
} from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";

const RESAMPLES = 1000;

const DETAILS = `
The folders of --data are GENERATOR/[CATEGORY/]{0_real,1_fake}, below ROOT or ROOT/test; generators
that are not there are noted. Folders whose names end in _grad hold gradient images, which need no
--model. --perturb changes half of the images before their gradients are taken.

With --out DIR: predictions.csv, results.csv, results.json, table.md and report.html; and
scores.jsonl, from which an evaluation that was interrupted goes on when it is run again.

Examples:
  fauxgrad lgrad eval --weights LGrad.pth --data ForenSynths/test \\
      --model stylegan --model-weights bedrooms.pth --paper-row table3/stylegan-bedroom-4
  fauxgrad lgrad eval --weights LGrad.pth --data gradients/test --bootstrap --out results/
  fauxgrad lgrad eval --weights LGrad.pth --real photos/ --fake generated/ \\
      --model stylegan --model-weights bedrooms.pth --perturb jpeg`;

/** `fauxgrad lgrad eval` */
export function addLgradEval(lgrad: Command): void {
  const command = lgrad
    .command("eval")
    .summary("accuracy and average precision on a test set")
    .description("Measures a classifier on images or on gradient images, as the paper's tables do.")
    .option("--data <root>", "a tree of generators with real and fake images")
    .option("--real <dir>", "a folder of real images, with --fake")
    .option("--fake <dir>", "a folder of fake images, with --real")
    .option("--generators <list>", "only these, with commas between", parseNames)
    .option("--gradients", "the images are gradient images")
    .option("--no-gradients", "they are not, whatever the folders' names");
  addDetectorOptions(command)
    .addOption(
      new Option("--scores <kind>", "what average precision and AUC rank by")
        .choices(["sigmoid", "logits"])
        .default("sigmoid"),
    )
    .option("--paper-row <row>", "a row of the paper to compare with, table3/…", parsePaperRow)
    .option("--bootstrap [resamples]", "confidence intervals (1000 resamples)", parseCount)
    .option("--confidence <share>", "of the intervals", parseConfidence, 0.95)
    .option("--calibrate <dir>", "a validation set that chooses a threshold")
    .addOption(
      new Option("--perturb <mode>", "change half of the images first, as table 4")
        .choices(perturbationModes)
        .default("none"),
    )
    .addOption(
      new Option("--perturb-parameters <which>", "as Frank et al. wrote, or as their script does")
        .choices(["intended", "frank-script"])
        .default("intended"),
    )
    .option("--seed <n>", "of the perturbations and the bootstrap", parseSeed, 0)
    .option("--out <dir>", "write tables, predictions and a report into it")
    .option("--json", "print the results as JSON")
    .addHelpText("after", DETAILS);
  setAction<EvalOptions>(command, (_operands, options) => evaluateTestSet(options));
}

async function evaluateTestSet(options: EvalOptions): Promise<number> {
  const { calibrate, perturb: mode, perturbParameters: parameters, seed } = options;
  const test = await findTestData(options);
  const validation = calibrate === undefined ? null : await findValidationData(calibrate, options);
  checkKinds(test, validation, options);
  for (const notice of test.notices) note(notice);
  for (const { message } of test.problems) note(message);
  const scorer = await openScorer(options, test.isGradients);
  const { device, transformation } = scorer;
  note(`${transformation ?? "gradient images"}; classifier of ${options.weights}; on ${device}`);
  const log = await openLog(options, test, device);
  const perturb = mode === "none" ? null : { mode, parameters, seed };
  const { resize, maxPixels } = options;
  const scored = await scoreAll(
    scorer,
    { test, validation },
    { resize, perturb, log, ...(maxPixels === undefined ? {} : { maxPixels }) },
  ).catch((error: unknown) => {
    if (log !== null) note(`The scores so far are in ${log.file}: the same command goes on.`);
    throw error;
  });
  scorer.close();
  requireJudged(scored.test);
  const evaluation = evaluate(
    scored.test.predictions,
    scored.validation?.predictions ?? null,
    measureOptions(options),
  );
  const failures = [...scored.test.failures, ...(scored.validation?.failures ?? [])];
  const paper = options.paperRow === undefined ? null : (paperRow(options.paperRow) ?? null);
  const outcome = { test, failures, device, transformation, paper };
  await report(evaluation, outcome, options);
  return failures.length > 0 ? exitCodes.failed : exitCodes.ok;
}

/** Scores are kept where there is a folder for them. */
async function openLog(
  options: EvalOptions,
  test: TestData,
  device: string,
): Promise<ScoreLog | null> {
  if (options.out === undefined) return null;
  const identity = await scoreIdentity(options, test, device);
  const log = await ScoreLog.open(path.join(options.out, "scores.jsonl"), identity);
  if (log.replaced)
    note(`${log.file} held scores of other networks or options: they are replaced.`);
  return log;
}

function measureOptions({ bootstrap, confidence, scores, seed }: EvalOptions) {
  const common = { scores, confidence, seed };
  if (bootstrap === undefined) return common;
  return { ...common, bootstrap: bootstrap === true ? RESAMPLES : bootstrap };
}

/** What the images need, before anything is opened. */
function checkKinds(test: TestData, validation: TestData | null, options: EvalOptions): void {
  if (validation !== null && validation.isGradients !== test.isGradients) {
    const kind = ({ isGradients }: TestData) => (isGradients ? "gradient images" : "images");
    throw new CommandLineError(
      `the test set holds ${kind(test)}, the validation set ${kind(validation)}\n` +
        "Pass two of a kind.",
    );
  }
  if (validation !== null && new Set(validation.images.map(({ label }) => label)).size < 2) {
    throw new CommandLineError(
      `--calibrate ${options.calibrate}: all images are of one class\n` +
        "Pass a validation set with real and fake images.",
    );
  }
  if (!test.isGradients) {
    checkTransformation(options);
    return;
  }
  if (options.model !== undefined) {
    throw new CommandLineError(
      "the images are gradient images already\n" +
        "Leave --model out; or pass --no-gradients if they are none.",
    );
  }
  if (options.perturb !== "none") {
    throw new CommandLineError(
      `--perturb ${options.perturb} is for images: these are gradient images\n` +
        "Pass the images that they were made of, and --model.",
    );
  }
}

function requireJudged({ predictions, failures }: Scored): void {
  if (predictions.length > 0) return;
  throw new FileError(
    `none of ${plural(failures.length, "image")} could be judged\nSee the messages above.`,
  );
}

async function report(
  evaluation: Evaluation,
  outcome: Outcome,
  options: EvalOptions,
): Promise<void> {
  const { out, json } = options;
  const { paper } = outcome;
  if (out !== undefined) await writeEvaluation(out, evaluation, outcome, options);
  if (json === true) {
    printJson(evaluationJson(evaluation, outcome, options));
    return;
  }
  const { summary, calibration } = evaluation;
  print([...terminalTable(evaluation), ""].join("\n"));
  if (paper !== null) print([...columns(comparisonRows(summary, paper)), ""].join("\n"));
  if (calibration !== null) {
    print(`calibrated threshold ${calibration.threshold.toPrecision(6)}\n`);
  }
  print(officialLines(summary, new Date()).join("\n"));
  const { length } = outcome.failures;
  if (length > 0) note(`${plural(length, "file")} left out.`);
}

function parsePaperRow(text: string): string {
  const known = paperRows.map(({ id }) => id);
  return parseOneOf(text, known, "Write tableN/ROW, such as table3/stylegan-bedroom-4.");
}
