import type { ReportSection, ReportTable } from "../../../../cli/src/report/report.ts";
import { breakdown, byKernelName } from "../breakdown.ts";
import { icicle } from "../drawings/icicle.ts";
import type { ModelCaseReport, ModelReport } from "../model-report.ts";
import { digits } from "../text.ts";
import { targetSection } from "./kernel-sections.ts";

const MIB = 2 ** 20;
/** Rows of a table of kernels; the JSON has them all. */
const MOST_KERNELS = 15;

function optional(value: number | null | undefined): string {
  return value === null || value === undefined ? "-" : digits(value);
}

function timesTable({ cases }: ModelReport): ReportTable {
  const columns = [
    "case",
    "ms",
    "least",
    "most",
    "CPU, ms",
    "device, ms",
    "images/s",
    "GFLOP/s",
    "% of FMA",
    "dispatches",
    "encoding, µs each",
    "result",
  ];
  const rows = cases.map((entry) => [
    entry.name,
    digits(entry.ms.median),
    digits(entry.ms.min),
    digits(entry.ms.max),
    digits(entry.cpuMs.median),
    optional(entry.deviceMs),
    digits(entry.imagesPerSecond),
    digits(entry.gflops),
    digits(100 * entry.ofCeiling),
    entry.dispatches,
    optional(entry.encodingUs?.median),
    // Hexadecimal digits are no number.
    `#${entry.checksum}`,
  ]);
  return { columns, rows };
}

function memoryTable({ cases }: ModelReport): ReportTable {
  const columns = ["case", "peak, MiB", "live arrays, MiB", "peak ÷ live", "between steps, MiB"];
  const rows = cases.map(({ name, memory }) => [
    name,
    digits(memory.peakBytes / MIB),
    digits(memory.peakLiveBytes / MIB),
    digits(memory.peakBytes / memory.peakLiveBytes),
    digits(memory.restingBytes / MIB),
  ]);
  return { columns, rows };
}

function startUpSections({ cases }: ModelReport): ReportSection[] {
  const rows = cases.flatMap(({ name, startUp }) => {
    if (startUp === null) return [];
    return (["cold", "warm"] as const).map((cache) => {
      const { openMs, weightsMs, firstMs, secondMs, totalMs, pipelines } = startUp[cache];
      const times = [openMs, weightsMs, firstMs, secondMs, totalMs].map(digits);
      return [name, cache, ...times, pipelines];
    });
  });
  if (rows.length === 0) return [];
  const columns = [
    "case",
    "shader cache",
    "device, ms",
    "weights, ms",
    "first step, ms",
    "second step, ms",
    "to first result, ms",
    "kernels compiled",
  ];
  const paragraphs = ["Each in a process of its own, counted from its start."];
  return [{ title: "Start-up", paragraphs, tables: [{ columns, rows }] }];
}

function kernelTable({ timeline }: ModelCaseReport): ReportTable {
  const whole = timeline.reduce((sum, { ms }) => sum + ms, 0);
  const kernels = byKernelName(timeline).slice(0, MOST_KERNELS);
  const columns = ["kernel", "ms", "%", "dispatches"];
  const rows = kernels.map(({ name, ms, dispatches }) => [
    name,
    digits(ms),
    digits((100 * ms) / whole),
    dispatches,
  ]);
  return { columns, rows };
}

function breakdownSections({ cases }: ModelReport): ReportSection[] {
  return cases
    .filter(({ timeline }) => timeline.length > 0)
    .map((entry) => {
      const svg = icicle(breakdown(entry.timeline), `Time of ${entry.name}`);
      const caption =
        "By the device's clock: the step, its phases, parts of the network, kernels. Widths are " +
        "times; the pointer shows names and numbers.";
      return {
        title: `Where the time goes: ${entry.name}`,
        drawings: [{ svg, caption }],
        tables: [kernelTable(entry)],
      };
    });
}

/** A report of networks. */
export function modelSections(report: ModelReport): ReportSection[] {
  return [
    {
      title: "Times",
      tables: [timesTable(report)],
      notes: [...report.wrong, ...(report.skipped ?? [])],
    },
    { title: "Memory", tables: [memoryTable(report)] },
    ...startUpSections(report),
    targetSection(report),
    ...breakdownSections(report),
  ];
}
