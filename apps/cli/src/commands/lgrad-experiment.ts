import path from "node:path";
import type { Command } from "commander";
import { checkRows } from "../experiments/choose-rows.ts";
import { WeightFiles } from "../experiments/find-weights.ts";
import { type LGradExperiment, readLGradExperiment } from "../experiments/lgrad-experiment.ts";
import { CLASSIFIER_KEY, type LGradSources, planLGrad } from "../experiments/lgrad-plan.ts";
import { lgradTable } from "../experiments/lgrad-table.ts";
import { tinyExperiment, writeTinySources } from "../experiments/lgrad-tiny.ts";
import { type ExperimentOptions, runExperiment } from "../experiments/run-experiment.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { parseNames } from "../terminal/parse.ts";

interface ExperimentCommandOptions extends ExperimentOptions {
  readonly data?: string;
  readonly models: readonly string[];
  readonly fromScratch?: boolean;
  readonly rows?: readonly string[];
  readonly tiny?: boolean;
}

const DETAILS = `
FILE describes a table of the paper: experiments/lgrad/table1.json to table6.json. ROOT holds train,
val and test of ForenSynths; for table 1, faces/ with its own. Every gradient folder, training and
evaluation is a step with a folder of its own below DIR. What is done is not done again, and a
training that was stopped goes on: run the same command again. Tables share steps if they share DIR.

Weights are found by their published names in the folders of --models, or as KEY=FILE; KEY is a
model of the file, or classifier for the ImageNet weights that trainings begin from. Rows whose
weights or images are not there are named, and the others made.

DIR/tables/NAME gets table.md, table.csv, table.json and report.html.

Examples:
  fauxgrad lgrad experiment experiments/lgrad/table3.json --data ForenSynths --models weights/ \\
      --out runs/lgrad --dry-run
  fauxgrad lgrad experiment experiments/lgrad/table5.json --data ForenSynths --out runs/lgrad \\
      --models weights/ --models idinvert=encoder.pth --rows idinvert,stylegan-bedroom
  fauxgrad lgrad experiment experiments/lgrad/table4.json --tiny --out runs/tiny`;

/** `fauxgrad lgrad experiment` */
export function addLgradExperiment(lgrad: Command): void {
  const command = lgrad
    .command("experiment")
    .summary("make a table of the paper: all its trainings and evaluations")
    .description("Makes a table of the paper on your data, and puts it beside the printed one.")
    .argument("<file>", "what to make: experiments/lgrad/table3.json")
    .requiredOption("--out <dir>", "the folder of all steps and tables")
    .option("--data <root>", "the folder that holds train, val and test")
    .option("--models <dir or key=file>", "weights; may be given several times", collect, [])
    .option("--from-scratch", "begin classifiers from random weights, not from ImageNet's")
    .option("--rows <list>", "only these, with commas between", parseNames)
    .option("--dry-run", "say what would be done, how long it takes and what is missing")
    .option("--tiny", "a demonstration on generated images, with small networks")
    .option("--json", "print the table, or the plan, as JSON")
    .addHelpText("after", DETAILS);
  setAction<ExperimentCommandOptions>(command, ([file = ""], options) => make(file, options));
}

async function make(file: string, options: ExperimentCommandOptions): Promise<number> {
  const described = await readLGradExperiment(file);
  const experiment = options.tiny === true ? tinyExperiment(described) : described;
  checkRows(experiment.rows, options.rows);
  const sources = await sourcesOf(experiment, options);
  const plan = await planLGrad(experiment, sources);
  const { name, notes } = experiment;
  return runExperiment(
    {
      ...{ plan, name, intro: notes, footer: FOOTER },
      table: (outcomes) => lgradTable(experiment, plan, outcomes),
    },
    options,
  );
}

const FOOTER = [
  "LGrad: Tan et al., Learning on Gradients: Generalized Artifacts Representation for " +
    "GAN-Generated Images Detection, CVPR 2023. The paper's numbers are as printed there.",
];

async function sourcesOf(
  experiment: LGradExperiment,
  { data, models, out, tiny, fromScratch = false, rows }: ExperimentCommandOptions,
): Promise<LGradSources> {
  if (tiny === true && (data !== undefined || models.length > 0)) {
    throw new CommandLineError(
      "--tiny makes its own images and networks\nLeave --data and --models out, or --tiny.",
    );
  }
  if (tiny !== true && data === undefined) {
    throw new CommandLineError("there are no images\nPass --data ROOT; or --tiny to try it.");
  }
  const made = tiny === true ? await writeTinySources(experiment, out) : null;
  const keys = [...experiment.models.keys(), CLASSIFIER_KEY];
  return {
    data: path.resolve(made?.data ?? data ?? ""),
    out: path.resolve(out),
    weights: await WeightFiles.open(made?.models ?? models, keys),
    fromScratch,
    ...(rows === undefined ? {} : { rows }),
  };
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
