import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { benchKernels } from "./bench-kernels.ts";
import type { PeerPlaces } from "./peers/peers.ts";
import { buildProgram, chosenCases, type KernelOptions, scheduleOf } from "./program.ts";
import { markdownOf } from "./report/markdown.ts";
import type { KernelReport } from "./report/report.ts";

/** Something that the user can put right; its message suffices. */
class UsageError extends Error {}

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** As the bundle lies: `dist/main.js` beside its workers, `peers` beside `dist`. */
const PEERS: PeerPlaces = {
  folder: beside("../peers"),
  workers: { tfjs: beside("./tfjs-worker.js"), ort: beside("./ort-worker.js") },
};

/** Whole or not at all: a report that is being read must not be half a report. */
function writeReport(file: string, report: KernelReport): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(draft, file);
}

async function kernels(options: KernelOptions): Promise<void> {
  const cases = chosenCases(options);
  if (options.list) {
    for (const { name } of cases) console.log(name);
    return;
  }
  if (cases.length === 0) {
    throw new UsageError(`no case matches ${options.filter}\n--list prints the names.`);
  }
  const { json, unsafe } = options;
  if (json !== undefined && !existsSync(dirname(resolve(json)))) {
    throw new UsageError(`--json ${json}: there is no folder ${dirname(json)}`);
  }
  // The peers' processes open their devices alike.
  if (unsafe) process.env["FAUXGRAD_BENCH_UNSAFE"] = "1";
  const report = await benchKernels({
    cases,
    schedule: scheduleOf(options),
    peers: options.peers ? PEERS : null,
    unsafe,
    command: process.argv.slice(2).join(" "),
    log: (text) => console.log(text),
  });
  if (json !== undefined) writeReport(json, report);
  if (report.wrong.length > 0) process.exitCode = 1;
}

async function table(file: string): Promise<void> {
  let report: Partial<KernelReport>;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Partial<KernelReport>;
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (report.schema !== "fauxgrad-bench-kernels/1") {
    throw new UsageError(`${file}: not a report of \`bench kernels --json\``);
  }
  console.log(markdownOf(report as KernelReport));
}

try {
  await buildProgram({ kernels, table }).parseAsync();
} catch (error) {
  const isPlain = error instanceof UsageError || (error as Error)?.name === "AdapterError";
  console.error(isPlain ? (error as Error).message : error);
  process.exitCode = 1;
}
// Dawn keeps the process alive as long as a device was open.
process.exit();
