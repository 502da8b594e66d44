import { Command, InvalidArgumentError } from "commander";
import { CASES, type Case } from "./cases.ts";
import type { Schedule } from "./measure/rounds.ts";

/** Options of `bench kernels`, parsed. */
export interface KernelOptions {
  readonly json?: string;
  readonly filter?: RegExp;
  readonly repeats?: number;
  readonly peers: boolean;
  readonly quick: boolean;
  readonly list: boolean;
  readonly unsafe: boolean;
}

/** What the commands do. */
export interface Actions {
  kernels(options: KernelOptions): Promise<void>;
  table(file: string): Promise<void>;
}

function parseFilter(text: string): RegExp {
  try {
    return new RegExp(text, "iu");
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

const MOST_ROUNDS = 1000;

function parseRepeats(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_ROUNDS}.`);
}

/** The cases that the options choose. */
export function chosenCases({ filter, quick }: Pick<KernelOptions, "filter" | "quick">): Case[] {
  return CASES.filter(
    (entry) => (!quick || entry.quick) && (filter === undefined || filter.test(entry.name)),
  );
}

/** How long and how often the options measure. */
export function scheduleOf({ quick, repeats }: Pick<KernelOptions, "quick" | "repeats">): Schedule {
  return quick
    ? { rounds: repeats ?? 3, minSampleMs: 20, slowMs: 500 }
    : { rounds: repeats ?? 5, minSampleMs: 50, slowMs: 1500 };
}

const EXAMPLES = `
Examples:
  npm run bench -- kernels --json out.json
  npm run bench -- kernels --filter "ResNet-50 conv 3×3.*forward"
  npm run bench -- kernels --quick --no-peers
  npm run bench -- table out.json

Each case is checked against a float64 reference before it is timed; a wrong kernel is refused, and
the exit code is 1. Ratios are the peer's time over ours: above 1, ours is faster. The first
comparison installs the peers in apps/bench/peers (about 600 MB).
FAUXGRAD_ADAPTER and FAUXGRAD_BACKEND choose the device, as for every command.`;

/** The command line. */
export function buildProgram(actions: Actions): Command {
  const program = new Command("bench")
    .description("Measures Fauxgrad's GPU kernels, side by side with other libraries")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(bench --help lists commands and options)");
  program
    .command("kernels")
    .description("time every kernel variant at real layers' shapes, and compare with peers")
    .option("--json <file>", "write the whole report (docs/performance.md describes it)")
    .option("--filter <regex>", "only cases whose name matches", parseFilter)
    .option("--repeats <n>", "samples of each contestant (default 5, with --quick 3)", parseRepeats)
    .option("--no-peers", "compare our variants only, and install nothing")
    .option("--quick", "a few cases and short samples", false)
    .option("--list", "print the names of the cases and stop", false)
    .option("--unsafe", "leave out bounds checks and validation", false)
    .action((options: KernelOptions) => actions.kernels(options));
  program
    .command("table")
    .description("print a report that --json wrote as Markdown")
    .argument("<file>", "the report")
    .action((file: string) => actions.table(file));
  return program;
}
