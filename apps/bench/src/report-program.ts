/* Command line of what is measured of networks, of reports, and of the bench in a browser. */
import { type Command, InvalidArgumentError } from "commander";
import type { Schedule } from "./measure/rounds.ts";
import { parseFilter, parseRepeats } from "./parse-options.ts";

/** Options of `bench models`, parsed. */
export interface ModelOptions {
  readonly json?: string;
  readonly html?: string;
  readonly trace?: string;
  readonly filter?: RegExp;
  readonly repeats?: number;
  readonly startUp: boolean;
  readonly quick: boolean;
  readonly all: boolean;
  readonly list: boolean;
  readonly unsafe: boolean;
}

/** Options of `bench report`, parsed. */
export interface ReportOptions {
  readonly html?: string;
  readonly trace?: string;
}

/** Options of `bench serve`, parsed. */
export interface ServeOptions {
  readonly port: number;
  readonly host: string;
}

/** What these commands do. */
export interface ReportActions {
  models(options: ModelOptions): Promise<void>;
  report(files: readonly string[], options: ReportOptions): Promise<void>;
  table(file: string): Promise<void>;
  targets(files: readonly string[]): Promise<void>;
  serve(options: ServeOptions): Promise<void>;
}

const MOST_FILES = 2;
const LAST_PORT = 65_535;

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= LAST_PORT) return port;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${LAST_PORT}.`);
}

/** How long and how often: a step of a network is long by itself. */
export function modelScheduleOf(options: Pick<ModelOptions, "quick" | "repeats">): Schedule {
  const { quick, repeats } = options;
  return quick
    ? { rounds: repeats ?? 3, minSampleMs: 0, slowMs: 1000, slowestMs: 10_000 }
    : { rounds: repeats ?? 7, minSampleMs: 50, slowMs: 5000, slowestMs: 10_000 };
}

function addModels(program: Command, actions: ReportActions): void {
  program
    .command("models")
    .description("time networks and detectors' steps: where time, memory and start-up go")
    .option("--json <file>", "write the whole report (docs/performance.md describes it)")
    .option("--html <file>", "write the report as a page that needs nothing else")
    .option("--trace <file>", "write every dispatch as a Chrome trace, for Perfetto")
    .option("--filter <regex>", "only cases whose name matches", parseFilter)
    .option("--repeats <n>", "samples of each case (default 7, with --quick 3)", parseRepeats)
    .option("--start-up", "start-up as well, with an empty and a warm shader cache", false)
    .option("--quick", "a small network once", false)
    .option("--all", "batches of 8 and 16 as well", false)
    .option("--list", "print the names of the cases and stop", false)
    .option("--unsafe", "leave out bounds checks and validation", false)
    .action((options: ModelOptions) => actions.models(options));
}

/** Adds `models`, `report`, `table`, `targets` and `serve`. */
export function addReportCommands(program: Command, actions: ReportActions): void {
  addModels(program, actions);
  program
    .command("report")
    .description("saved reports as a page, a Chrome trace, or a comparison of two runs")
    .argument("<files...>", "one report, or one from before and one from after")
    .option("--html <file>", "write a page that needs nothing else")
    .option("--trace <file>", "write every dispatch of `bench models` as a Chrome trace")
    .action((files: string[], options: ReportOptions) => {
      if (files.length <= MOST_FILES) return actions.report(files, options);
      return program.error(`error: report takes one or two files, not ${files.length}`);
    });
  program
    .command("table")
    .description("print a report that --json wrote as Markdown")
    .argument("<file>", "the report")
    .action((file: string) => actions.table(file));
  program
    .command("targets")
    .description("print what became of every target as Markdown, judged by saved reports")
    .argument("<files...>", "reports of any command; the first that measured a target counts")
    .action((files: string[]) => actions.targets(files));
  program
    .command("serve")
    .description("serve a page that runs the bench in the browser that opens it")
    .option("--port <n>", "0 for any that is free", parsePort, 8080)
    .option("--host <address>", "who may connect: 0.0.0.0 for all", "127.0.0.1")
    .action((options: ServeOptions) => actions.serve(options));
}
