import { Command } from "commander";
import { CASES, type Case } from "./cases.ts";
import { COMPARISON_CASES, type ComparisonCase } from "./comparison/cases.ts";
import type { Schedule } from "./measure/rounds.ts";
import type { ComparedNetwork } from "./networks/network-job.ts";
import { parseBatches, parseFilter, parseNetworks, parseRepeats } from "./parse-options.ts";
import { isWhole } from "./peers/protocol.ts";
import { judgedPeers } from "./report/targets.ts";
import { addReportCommands, type ReportActions } from "./report-program.ts";

/** Options of `bench kernels`, parsed. */
export interface KernelOptions {
  readonly json?: string;
  readonly filter?: RegExp;
  readonly repeats?: number;
  readonly peers: boolean;
  readonly quick: boolean;
  readonly list: boolean;
  readonly unsafe: boolean;
  /** Ask for subgroup matrices. */
  readonly matrices: boolean;
}

/** Options of `bench peers`, parsed. */
export interface PeersOptions extends Omit<KernelOptions, "peers" | "matrices"> {
  /** Names of the peers to compare with; all of them by default. */
  readonly peers?: readonly string[];
  /** Names of the networks to compare, and no kernels then; empty: kernels only. */
  readonly networks?: readonly ComparedNetwork[];
  /** Batches of the networks to compare. */
  readonly batches?: readonly number[];
  /** Only what a target is about, each case with the peers of its targets. */
  readonly targets: boolean;
}

/** Options of `bench tune`, parsed. */
export interface TuneOptions extends Pick<KernelOptions, "filter" | "repeats" | "quick"> {
  /** Say why, and measure nothing. */
  readonly explain: boolean;
  /** The table to write; by default the user's own. */
  readonly out?: string;
}

/** What the commands do. */
export interface Actions extends ReportActions {
  kernels(options: KernelOptions): Promise<void>;
  peers(options: PeersOptions): Promise<void>;
  tune(options: TuneOptions): Promise<void>;
}

/** The cases that the options choose; large ones only by name. */
export function chosenCases({ filter, quick }: Pick<KernelOptions, "filter" | "quick">): Case[] {
  return CASES.filter(({ name, quick: isQuick, large = false }) => {
    if (quick && !isQuick) return false;
    return filter === undefined ? !large : filter.test(name);
  });
}

/** Whether the options name a case's network and batch, or its being a kernel. */
function isChosenNetwork(
  { job }: ComparisonCase,
  { networks, batches, quick }: Partial<PeersOptions>,
): boolean {
  if (!isWhole(job)) return networks === undefined || networks.length === 0;
  if (networks !== undefined && !networks.includes(job.network)) return false;
  return batches === undefined ? quick !== true || job.batch === 1 : batches.includes(job.batch);
}

/**
 * The cases of `bench peers` that the options choose; `--quick` leaves batches of eight out, unless
 * they are asked for, and most kernels. Large ones want a filter or a batch that names them.
 */
export function chosenComparisons(options: Partial<PeersOptions>): ComparisonCase[] {
  const { filter, quick = false, targets = false, batches } = options;
  const isLeftOut = ({ name, job, large = false }: ComparisonCase) => {
    if (large) return filter === undefined && batches === undefined;
    const isUsual = isWhole(job) || CASES.some((c) => c.quick && c.name === name);
    return quick && !targets && !isUsual;
  };
  const chosen = COMPARISON_CASES.filter((entry) => {
    if (!isChosenNetwork(entry, options) || isLeftOut(entry)) return false;
    return filter === undefined || filter.test(entry.name);
  });
  if (!targets) return chosen;
  const judged = chosen.map((entry) => ({ ...entry, peers: judgedPeers(entry.job, entry.name) }));
  return judged.filter(({ peers }) => peers.length > 0);
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
  npm run bench -- models --filter "ResNet-50 inference" --start-up --html models.html
  npm run bench -- report before.json after.json --html changes.html
  npm run bench -- serve
  npm run bench -- peers --json peers.json
  npm run bench -- peers --targets --quick --json targets.json
  npm run bench -- peers --networks resnet50 --batches 1,8 --peers tfjs,ort
  npm run bench -- targets targets.json out.json
  npm run bench -- tune --filter "ResNet-50 conv 3×3"
  npm run bench -- tune --explain --filter "ResNet-50 conv 3×3 64.*forward"

Each case is checked against a float64 reference before it is timed; a wrong kernel is refused, and
the exit code is 1. Ratios are the peer's time over ours: above 1, ours is faster. The first
comparison installs the peers in apps/bench/peers (about 600 MB).
FAUXGRAD_ADAPTER and FAUXGRAD_BACKEND choose the device, as for every command; FAUXGRAD_KERNEL
forces variants (conv2d=tiled,conv2dGradWeight=registers:TM4), FAUXGRAD_TUNING names the table of
measured ones.`;

function addPeers(program: Command, actions: Actions): void {
  program
    .command("peers")
    .description("compare kernels and whole networks with every peer, interleaved in one run")
    .option("--json <file>", "write the whole report (docs/performance.md describes it)")
    .option("--filter <regex>", "only cases whose name matches", parseFilter)
    .option("--peers <names>", "only these, e.g. tfjs,ort", (text) => text.split(","))
    .option("--targets", "only what a target is about, with its peers: a quarter of an hour", false)
    .option(
      "--networks <names>",
      "only resnet50,efficientnet_b0,stylegan; none: kernels",
      parseNetworks,
    )
    .option("--batches <sizes>", "only networks with these batches, e.g. 1,8", parseBatches)
    .option("--repeats <n>", "samples of each contestant (default 5, with --quick 3)", parseRepeats)
    .option("--quick", "a few cases, batch 1, and short samples", false)
    .option("--list", "print the names of the cases and stop", false)
    .option("--unsafe", "leave out bounds checks and validation", false)
    .action((options: PeersOptions) => actions.peers(options));
}

function addTune(program: Command, actions: Actions): void {
  program
    .command("tune")
    .description("search the kernels' variants for each shape, and save what beats the heuristics")
    .option("--filter <regex>", "only cases whose name matches", parseFilter)
    .option("--explain", "say what is chosen for each case, why, and what else there is", false)
    .option("--out <file>", "the table (default: FAUXGRAD_TUNING, or in the user's cache)")
    .option("--repeats <n>", "samples of each finalist (default 5, with --quick 3)", parseRepeats)
    .option("--quick", "a few cases and short samples", false)
    .action((options: TuneOptions) => actions.tune(options));
}

/** The command line. */
export function buildProgram(actions: Actions): Command {
  const program = new Command("bench")
    .description("Measures Fauxgrad's kernels and networks, side by side with other libraries")
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
    .option("--matrices", "cases in f16 on subgroup matrices, too, if the adapter has them", false)
    .action((options: KernelOptions) => actions.kernels(options));
  addPeers(program, actions);
  addTune(program, actions);
  addReportCommands(program, actions);
  return program;
}
