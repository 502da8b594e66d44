import { freemem, release } from "node:os";
import { type Command, Option } from "commander";
import { remedy } from "../../../../tools/adapter/platform.mjs";
import manifest from "../../package.json" with { type: "json" };
import type { AdapterReport } from "../doctor/adapter-report.ts";
import { examine, type Probe, probe } from "../doctor/probe.ts";
import type { SelfTestResult } from "../doctor/self-test.ts";
import { type GlobalOptions, hostMemory } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { untilInterrupted } from "../terminal/interrupt.ts";
import { columns, print, printJson } from "../terminal/output.ts";
import { formatBytes, formatDuration } from "../terminal/units.ts";

interface DoctorOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly probe?: boolean;
}

/** `fauxgrad doctor` */
export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .summary("show the adapter, and test it")
    .description(
      "Shows which WebGPU adapter is used and what it can, and tests it for about a second: " +
        "a matrix product and a convolution against float64. Without an adapter it says what " +
        "to install, and exits with status 1.",
    )
    .option("--json", "print the report as JSON")
    .addOption(new Option("--probe", "examine the adapter in this process").hideHelp());
  setAction<DoctorOptions>(command, (_, options) =>
    options.probe === true ? answerProbe(options) : doctor(options),
  );
}

/** The child's part: one line of JSON. */
async function answerProbe(options: DoctorOptions): Promise<number> {
  let answer: Probe;
  try {
    answer = await examine(options);
  } catch (error) {
    answer = { problem: error instanceof Error ? error.message : String(error) };
  }
  print(JSON.stringify(answer));
  return exitCodes.ok;
}

async function doctor(options: DoctorOptions): Promise<number> {
  const [entry = ""] = process.argv.slice(1);
  const found = await untilInterrupted(probe([entry, "doctor", "--probe", ...passedOn(options)]));
  const host = hostReport();
  const isHealthy =
    "adapter" in found &&
    found.selfTest.every(({ passed }) => passed) &&
    found.adapter.limits.every(({ isEnough }) => isEnough);
  // Where the user named an adapter, installing another one is no remedy.
  const advice = "adapter" in found || isChosen(options) ? null : remedy();
  if (options.json === true) {
    const adapter = "adapter" in found ? found.adapter : null;
    const tests = "adapter" in found ? found.selfTest : [];
    const problem = "problem" in found ? found.problem : null;
    printJson({ ok: isHealthy, ...host, adapter, selfTest: tests, problem, remedy: advice });
  } else {
    printReport(host, found, advice);
  }
  return isHealthy ? exitCodes.ok : exitCodes.failed;
}

function isChosen({ adapter, backend }: GlobalOptions): boolean {
  const { FAUXGRAD_ADAPTER, FAUXGRAD_BACKEND } = process.env;
  return [adapter, backend, FAUXGRAD_ADAPTER, FAUXGRAD_BACKEND].some((name) => Boolean(name));
}

/** The global options again, for the child. */
function passedOn({ adapter, backend, kernels, maxMemory }: GlobalOptions): string[] {
  const given = { adapter, backend, kernels, "max-memory": maxMemory };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

function hostReport() {
  const { webgpu, sharp } = manifest.dependencies;
  const environment = Object.entries(process.env).filter(([name]) => name.startsWith("FAUXGRAD_"));
  return {
    versions: { fauxgrad: manifest.version, node: process.versions.node, webgpu, sharp },
    platform: { os: process.platform, release: release(), arch: process.arch },
    memory: { totalBytes: hostMemory(), freeBytes: freemem() },
    environment: Object.fromEntries(environment),
  };
}

function printReport(
  { versions, platform, memory, environment }: ReturnType<typeof hostReport>,
  found: Probe,
  advice: string | null,
): void {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rows = [
    ["versions", packages.join(", ")],
    ["platform", `${platform.os} ${platform.release}, ${platform.arch}`],
    [
      "memory",
      `${formatBytes(memory.totalBytes)}, of which ${formatBytes(memory.freeBytes)} are free`,
    ],
    ...Object.entries(environment).map(([name, value]) => ["set", `${name}=${value}`]),
  ];
  if (!("adapter" in found)) {
    for (const line of columns(rows)) print(line);
    print(`\nNo usable WebGPU adapter: ${found.problem}`);
    // The message may end with the remedy already.
    if (advice !== null && !found.problem.includes(advice)) print(advice);
    return;
  }
  const { adapter } = found;
  rows.push(...adapterRows(adapter));
  for (const line of columns(rows)) print(line);
  print("\nLimits");
  const limits = adapter.limits.map(({ name, text, isEnough, why }) => [
    `  ${isEnough ? "ok " : "LOW"}`,
    name,
    text,
    why,
  ]);
  for (const line of columns(limits)) print(line);
  print("\nFeatures");
  const features = adapter.features.map(({ name, isPresent, why }) => [
    `  ${isPresent ? "yes" : "no "}`,
    name,
    why,
  ]);
  for (const line of columns(features)) print(line);
  print("\nSelf-test against float64");
  for (const line of columns(found.selfTest.map(testRow))) print(line);
  if (!found.selfTest.every(({ passed }) => passed)) {
    print("\nThis adapter computes wrongly. Update its driver, or choose another (--adapter).");
  }
}

function adapterRows(adapter: AdapterReport): string[][] {
  return [
    ["adapter", adapter.description || adapter.device || "unnamed"],
    ["", `vendor ${adapter.vendor || "?"}, architecture ${adapter.architecture || "?"}`],
    ["backend", adapter.backend],
    [
      "kind",
      adapter.isSoftware
        ? "software: the CPU computes. Correct, and slow; a GPU's driver would be faster."
        : "GPU",
    ],
    ["kernels", adapter.kernels],
  ];
}

function testRow(result: SelfTestResult): string[] {
  const { operation, passed, worst, wrong, elements, firstMs, ms } = result;
  const error = passed
    ? `worst error ${(worst * 100).toPrecision(2)} % of the bound`
    : `${wrong} of ${elements} elements are wrong`;
  const time = `${formatDuration(firstMs)} at first, then ${ms.toFixed(1)} ms`;
  return [`  ${passed ? "ok  " : "FAIL"}`, operation, error, time];
}
