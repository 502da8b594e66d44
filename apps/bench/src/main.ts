import { fileURLToPath } from "node:url";
import type { GpuOptions } from "@fauxgrad/kernels";
import {
  kernelOverrides,
  readTuning,
  tuningFile,
  writeTuning,
} from "../../../tools/adapter/kernel-choice.ts";
import { benchKernels } from "./bench-kernels.ts";
import { reportSaver, requireFolder, UsageError } from "./command-files.ts";
import { benchPeers } from "./comparison/bench-peers.ts";
import type { PeerPlaces } from "./peers/peers.ts";
import {
  buildProgram,
  chosenCases,
  chosenComparisons,
  type KernelOptions,
  type PeersOptions,
  scheduleOf,
  type TuneOptions,
} from "./program.ts";
import { ReportCommands } from "./report-commands.ts";
import { benchTune, explainCases } from "./tune/bench-tune.ts";
import { isTunable } from "./tune/search.ts";

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** As the bundle lies: `dist/main.js` beside its workers, `peers` beside `dist`. */
const PEERS_FOLDER = beside("../peers");
const WORKERS: Readonly<Record<string, string>> = {
  tfjs: beside("./tfjs-worker.js"),
  ort: beside("./ort-worker.js"),
  "ort-web": beside("./ort-web-worker.js"),
  "jax-js": beside("./jax-worker.js"),
  "ort-cpu": beside("./ort-cpu-worker.js"),
  torch: beside("./torch-worker.js"),
};
/** Those that `bench kernels` compares with. */
const KERNEL_PEERS = ["tfjs", "ort"];

/** @throws {UsageError} if there is no such peer */
function peersNamed(names: readonly string[]): PeerPlaces {
  const unknown = names.find((name) => WORKERS[name] === undefined);
  if (unknown !== undefined) {
    throw new UsageError(
      `--peers ${unknown}: there is no such peer\nThere are ${Object.keys(WORKERS).join(", ")}.`,
    );
  }
  const workers = names.map((name) => [name, WORKERS[name] ?? ""] as const);
  return { folder: PEERS_FOLDER, workers: Object.fromEntries(workers) };
}

/** @throws {UsageError} if nothing would be measured, or the report could not be written */
function checkMeasurement(
  cases: readonly object[],
  { json, filter, unsafe }: Pick<KernelOptions, "json" | "filter" | "unsafe">,
): void {
  if (cases.length === 0) {
    throw new UsageError(`no case matches ${filter}\n--list prints the names.`);
  }
  requireFolder("--json", json);
  // The peers' processes open their devices alike.
  if (unsafe) process.env["FAUXGRAD_BENCH_UNSAFE"] = "1";
}

/** Whatever the command asks of the measurement besides what is measured. */
function measurementOf({ unsafe }: { readonly unsafe: boolean }) {
  const command = process.argv.slice(2).join(" ");
  return { unsafe, command, log: (text: string) => console.log(text) };
}

function list(cases: readonly { readonly name: string }[]): void {
  for (const { name } of cases) console.log(name);
}

/** What the environment says of the choice of kernels. */
function kernelChoice(): GpuOptions {
  const tuning = readTuning(tuningFile(), console.error);
  return { overrides: kernelOverrides(), ...(tuning === undefined ? {} : { tuning }) };
}

async function kernels(options: KernelOptions): Promise<void> {
  const cases = chosenCases(options);
  if (options.list) {
    list(cases);
    return;
  }
  checkMeasurement(cases, options);
  const save = reportSaver(options.json);
  const report = await benchKernels({
    cases,
    save,
    schedule: scheduleOf(options),
    peers: options.peers ? peersNamed(KERNEL_PEERS) : null,
    matrices: options.matrices,
    ...measurementOf(options),
  });
  save(report);
  if (report.wrong.length > 0) process.exitCode = 1;
}

async function peers(options: PeersOptions): Promise<void> {
  const cases = chosenComparisons(options);
  if (options.list) {
    list(cases);
    return;
  }
  checkMeasurement(cases, options);
  const save = reportSaver(options.json);
  const report = await benchPeers({
    cases,
    save,
    // Minutes for a run are a peer's own doing: one sample of them must do.
    schedule: { ...scheduleOf(options), slowestMs: 10_000 },
    peers: peersNamed(options.peers ?? Object.keys(WORKERS)),
    gpu: kernelChoice(),
    ...measurementOf(options),
  });
  save(report);
  if (report.wrong.length > 0) process.exitCode = 1;
}

async function tune(options: TuneOptions): Promise<void> {
  const cases = chosenCases(options).filter(({ job }) => isTunable(job));
  const { out = tuningFile(), explain, filter } = options;
  checkMeasurement(cases, { ...(filter === undefined ? {} : { filter }), unsafe: false });
  if (explain) return explainCases(cases, kernelChoice(), console.log);
  await benchTune({
    cases,
    schedule: scheduleOf(options),
    known: readTuning(out, console.error),
    save: (found) => writeTuning(out, found),
    log: (text) => console.log(text),
  });
  console.log(`\n${out}`);
}

try {
  const commands = new ReportCommands({
    startUpWorker: beside("./first-result-worker.js"),
    page: beside("../src/serve/page/main.ts"),
  });
  await buildProgram({
    kernels,
    peers,
    tune,
    models: (options) => commands.models(options),
    report: (files, options) => commands.report(files, options),
    table: (file) => commands.table(file),
    targets: (files) => commands.targets(files),
    serve: (options) => commands.serve(options),
  }).parseAsync();
} catch (error) {
  const foreseen = ["AdapterError", "KernelChoiceError"];
  const isPlain = error instanceof UsageError || foreseen.includes((error as Error)?.name);
  console.error(isPlain ? (error as Error).message : error);
  process.exitCode = 1;
}
// Dawn keeps the process alive as long as a device was open.
process.exit();
