import path from "node:path";
import type { Command } from "commander";
import { checkRows } from "../experiments/choose-rows.ts";
import { type ExperimentOptions, runExperiment } from "../experiments/run-experiment.ts";
import { readTgdExperiment, type TgdExperiment } from "../experiments/tgd-experiment.ts";
import { planTgd, type TgdSources } from "../experiments/tgd-plan.ts";
import { tgdTable } from "../experiments/tgd-table.ts";
import { tinyTgdExperiment, writeTinyData } from "../experiments/tgd-tiny.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { parseNames } from "../terminal/parse.ts";

interface ExperimentCommandOptions extends ExperimentOptions {
  readonly data?: string;
  readonly rows?: readonly string[];
  readonly tiny?: boolean;
}

const DETAILS = `
FILE describes a table of the paper: experiments/tgd/table1.json, table3, table4, figure5; or
ablations.json and chain.json, which the paper has not. ROOT holds a folder for each generator with
train, val and test, and transfer/GENERATOR with the few images of a transfer. Every pretraining,
transfer and evaluation is a step with a folder of its own below DIR. What is done is not done again,
and a training that was stopped goes on: run the same command again. Tables share steps if they share
DIR. Rows whose images are not there are named, and the others made.

DIR/tables/NAME gets table.md, table.csv, table.json and report.html.

Examples:
  fauxgrad tgd experiment experiments/tgd/table1.json --data tgd/ --out runs/tgd --dry-run
  fauxgrad tgd experiment experiments/tgd/table4.json --data tgd/ --out runs/tgd
  fauxgrad tgd experiment experiments/tgd/table4.json --tiny --out runs/tiny`;

/** `fauxgrad tgd experiment` */
export function addTgdExperiment(tgd: Command): void {
  const command = tgd
    .command("experiment")
    .summary("make a table of the paper: all its trainings and evaluations")
    .description("Makes a table of the paper on your data, and puts it beside the printed one.")
    .argument("<file>", "what to make: experiments/tgd/table1.json")
    .requiredOption("--out <dir>", "the folder of all steps and tables")
    .option("--data <root>", "the folder that holds the generators' folders")
    .option("--rows <list>", "only these, with commas between", parseNames)
    .option("--dry-run", "say what would be done, how long it takes and what is missing")
    .option("--tiny", "a demonstration on generated images, with a small network")
    .option("--json", "print the table, or the plan, as JSON")
    .addHelpText("after", DETAILS);
  setAction<ExperimentCommandOptions>(command, ([file = ""], options) => make(file, options));
}

const FOOTER = [
  "T-GD: Jeon et al., T-GD: Transferable GAN-generated Images Detection Framework, ICML 2020. The " +
    "paper's numbers are as printed there.",
];

async function make(file: string, options: ExperimentCommandOptions): Promise<number> {
  const described = await readTgdExperiment(file);
  const experiment = options.tiny === true ? tinyTgdExperiment(described) : described;
  checkRows(experiment.rows, options.rows);
  const plan = await planTgd(experiment, await sourcesOf(experiment, options));
  const { name, notes } = experiment;
  return runExperiment(
    {
      ...{ plan, name, intro: notes, footer: FOOTER },
      table: (outcomes) => tgdTable(experiment, plan, outcomes),
    },
    options,
  );
}

async function sourcesOf(
  experiment: TgdExperiment,
  { data, out, tiny, rows }: ExperimentCommandOptions,
): Promise<TgdSources> {
  if (tiny === true && data !== undefined) {
    throw new CommandLineError("--tiny makes its own images\nLeave --data out, or --tiny.");
  }
  if (tiny !== true && data === undefined) {
    throw new CommandLineError("there are no images\nPass --data ROOT; or --tiny to try it.");
  }
  const made = tiny === true ? await writeTinyData(experiment, out) : null;
  return {
    data: path.resolve(made ?? data ?? ""),
    out: path.resolve(out),
    ...(rows === undefined ? {} : { rows }),
  };
}
