import { breakdown, byKernelName, type Slice } from "./breakdown.ts";
import type { ModelCaseReport, StartUp } from "./model-report.ts";
import { digits } from "./text.ts";

const MIB = 2 ** 20;
/** Kernels that are listed; the report has them all. */
const LISTED = 6;

function share({ name, ms, dispatches }: Slice, whole: number): string {
  return `${name} ${digits(ms)} ms (${digits((100 * ms) / whole)} %, ${dispatches})`;
}

function startUpText(name: string, times: StartUp): string {
  const { totalMs, openMs, weightsMs, firstMs, secondMs, pipelines } = times;
  return (
    `  start-up, ${name} shader cache: first result after ${digits(totalMs)} ms (device ` +
    `${digits(openMs)}, weights ${digits(weightsMs)}, first step ${digits(firstMs)} with ` +
    `${pipelines} kernels compiled, second ${digits(secondMs)})`
  );
}

/** Where the device's time goes, in two lines. */
function timesText({ timeline }: ModelCaseReport): string[] {
  const { ms: whole, parts } = breakdown(timeline);
  if (timeline.length === 0) return ["  no timestamps on this device: no breakdown"];
  const kernels = byKernelName(timeline).slice(0, LISTED);
  return [
    `  by phase: ${parts.map((part) => share(part, whole)).join(", ")}`,
    `  by kernel: ${kernels.map((kernel) => share(kernel, whole)).join(", ")}`,
  ];
}

/** One case in a few lines. */
export function modelCaseText(report: ModelCaseReport): string {
  const { name, flops, ms, cpuMs, deviceMs, memory, encodingUs, startUp } = report;
  const device = deviceMs === null ? "" : `, device ${digits(deviceMs)} ms`;
  const ratio = memory.peakBytes / memory.peakLiveBytes;
  const encoding =
    encodingUs === null
      ? ""
      : `, ${digits(encodingUs.median)} µs of encoding each (least ${digits(encodingUs.min)})`;
  return [
    `${name}: ${digits(flops / 1e9)} GFLOP, result ${report.checksum}`,
    `  ${digits(ms.median)} ms (${digits(ms.min)} to ${digits(ms.max)}), CPU ` +
      `${digits(cpuMs.median)} ms${device}`,
    `  ${digits(report.imagesPerSecond)} images/s, ${digits(report.gflops)} GFLOP/s, ` +
      `${digits(100 * report.ofCeiling)} % of the FMA ceiling`,
    `  ${report.dispatches} dispatches${encoding}`,
    `  memory: ${digits(memory.peakBytes / MIB)} MiB at the peak, ${digits(ratio)} × the ` +
      `${digits(memory.peakLiveBytes / MIB)} MiB of live arrays; ` +
      `${digits(memory.restingBytes / MIB)} MiB between steps`,
    ...timesText(report),
    ...(startUp === null
      ? []
      : [startUpText("empty", startUp.cold), startUpText("warm", startUp.warm)]),
  ].join("\n");
}
