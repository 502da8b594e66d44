/*
 * One experiment from its plan to its table. The method says what the steps are and how a row is
 * read from what they leave; the rest is the same for every method.
 */
import path from "node:path";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { renderReport } from "../report/html.ts";
import { fileError } from "../session/files.ts";
import type { GlobalOptions } from "../session/open-gpu.ts";
import { exitCodes } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { formatDuration } from "../terminal/units.ts";
import { calibrate, estimateSteps } from "./estimate.ts";
import { planJson, planText, rowLines } from "./plan-text.ts";
import { type ResultTable, tableCsv, tableMarkdown, tablePage, tableText } from "./result-table.ts";
import { runProgram } from "./run-program.ts";
import { checkRecords, runSteps, stepsDone } from "./run-steps.ts";
import type { Plan, Step, StepOutcome } from "./step.ts";
import { StepRecords } from "./step-records.ts";

/** An experiment of some method. */
export interface Experiment {
  readonly plan: Plan;
  /** Name of the folder below `tables/` that its table goes into. */
  readonly name: string;
  /** What was done on what, a sentence each. */
  readonly intro: readonly string[];
  /** Where the method was published. */
  readonly footer: readonly string[];
  /** Reads the table from what the steps left. */
  table(outcomes: ReadonlyMap<string, StepOutcome>): Promise<ResultTable>;
}

/** How {@link runExperiment} goes about it. */
export interface ExperimentOptions extends GlobalOptions {
  readonly out: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * Does what is left of an experiment and writes its table; or says what that would be.
 *
 * @returns the exit code: failed if a row that was asked for is not there
 * @throws {CommandLineError} if the folder holds steps that were begun otherwise
 */
export async function runExperiment(
  experiment: Experiment,
  options: ExperimentOptions,
): Promise<number> {
  const { plan } = experiment;
  const { out, json } = options;
  const records = new StepRecords(out);
  await checkRecords(plan.steps, records);
  if (options.dryRun === true) {
    const calibration = await calibrate(options);
    const estimates = estimateSteps(plan, await stepsDone(plan.steps, records), calibration);
    const report = { plan, estimates, calibration };
    if (json === true) printJson(planJson(report));
    else print(planText(report));
    return exitCodes.ok;
  }
  for (const line of [plan.title, ...rowLines(plan), ""]) note(line);
  const outcomes = await runSteps(plan.steps, {
    records,
    signal: interruption,
    execute: (step, args, onStart) =>
      runProgram([...globalArguments(options), ...args], {
        ...{ log: records.logOf(step), signal: interruption, onStart },
        onLine: (line) => note(`  ${line}`),
      }),
    onBegin: ({ id }, { index, count }) => note(`[${index + 1}/${count}] ${id}`),
    onEnd: (step, outcome) => tellEnd(step, outcome, records),
  }).catch((error: unknown) => {
    if (interruption.aborted) note("Run the same command again to go on.");
    throw error;
  });
  const table = await experiment.table(outcomes);
  await writeTable(table, experiment, options, outcomes);
  if (json === true) printJson(table);
  else print(tableText(table));
  const isWhole = table.rows.every(({ measured }) => measured !== null);
  return isWhole ? exitCodes.ok : exitCodes.failed;
}

/** The options of every command, as they were given. */
function globalArguments({ adapter, backend, kernels, maxMemory }: GlobalOptions): string[] {
  const options = { adapter, backend, kernels, "max-memory": maxMemory };
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

function tellEnd(step: Step, outcome: StepOutcome, records: StepRecords): void {
  if (outcome.status === "done") {
    note(`  done in ${formatDuration(1000 * outcome.seconds)}`);
    for (const notice of outcome.notices) note(`  ${notice}`);
  } else if (outcome.status === "failed") {
    note(`  failed: ${outcome.error}\n  What it printed: ${records.logOf(step)}`);
  } else note(`${step.id} is not begun: ${outcome.by} has failed`);
}

async function writeTable(
  table: ResultTable,
  { name, intro, footer, plan }: Experiment,
  options: ExperimentOptions,
  outcomes: ReadonlyMap<string, StepOutcome>,
): Promise<void> {
  const folder = path.join(options.out, "tables", name);
  const device = `Its steps are in ${options.out}`;
  const page = tablePage(table, { device, intro, footer, plan, outcomes });
  const files = {
    "table.md": tableMarkdown(table),
    "table.csv": tableCsv(table),
    "table.json": `${JSON.stringify(table, null, 2)}\n`,
    "report.html": renderReport(page),
  };
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(folder, file);
    await writeFileAtomic(target, text).catch((cause: unknown) => {
      throw fileError("write", target, cause);
    });
  }
  note(`The table is in ${folder}`);
}
