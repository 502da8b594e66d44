import type { ComparisonReport } from "../comparison/report.ts";
import type { AnyReport } from "./any-report.ts";
import type { ModelReport } from "./model-report.ts";
import type { CaseReport, Environment, KernelReport, PeerReport } from "./report.ts";
import { type JudgedReport, targetReports } from "./targets.ts";
import { ceilingsText, digits, hostText, targetFound, targetName } from "./text.ts";

const MIB = 2 ** 20;

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [row(head), row(rule), ...rows.map(row)].join("\n");
}

function timeOf(report: CaseReport, contestant: string): string {
  const result = report.results.find((candidate) => candidate.contestant === contestant);
  return result === undefined ? "–" : digits(result.ms.median);
}

function ratioOf(report: CaseReport, peer: string): string {
  const ratio = report.ratios[peer];
  return ratio === undefined ? "–" : `${digits(ratio.wall)} (${digits(ratio.cpu)})`;
}

/** The command, the day and the machine that a report is of. */
function headOf({ command, startedAt, seconds, environment }: AnyReport): string {
  return [
    `\`npm run bench -- ${command}\`, ${startedAt.slice(0, 10)}, ${digits(seconds / 60)} minutes.`,
    "",
    `Device: ${deviceText(environment)}. Host: ${hostText(environment)}.`,
  ].join("\n");
}

function deviceText({ device, backend, software }: Environment): string {
  return `${device} (${backend}${software ? ", software" : ""})`;
}

/** Peers that took part, and why others did not. */
function peersText(peers: readonly PeerReport[]): string {
  const found = peers.map(({ name, packages, unavailable }) => {
    return unavailable === null ? `${name} = ${packages}` : `${name}: ${unavailable}`;
  });
  return `Peers: ${found.join("; ") || "none"}.`;
}

function targetTable(reports: readonly JudgedReport[]): string {
  const rows = targetReports(reports).map((goal) => [
    targetName(goal),
    goal.verdict === "missed" ? "**missed**" : goal.verdict,
    targetFound(goal),
  ]);
  return table(["target", "verdict", "found"], rows);
}

/** Variants that only some reports have. */
function rareVariants({ cases }: KernelReport): string[] {
  return ["matrices", "f32"].filter((name) => {
    return cases.some(({ results }) => results.some(({ contestant }) => contestant === name));
  });
}

function kernelTables(report: KernelReport): string {
  const { environment, ceilings, cases, encoding } = report;
  const variants = ["registers", "tiled", ...rareVariants(report)];
  const names = report.peers.filter((peer) => peer.unavailable === null).map(({ name }) => name);
  const rows = cases.map((entry) => {
    const own = entry.results.find((r) => r.contestant === environment.defaultVariant);
    return [
      entry.name,
      digits(entry.flops / 1e9),
      ...variants.map((variant) => timeOf(entry, variant)),
      own === undefined ? "–" : digits(own.gflops),
      own === undefined ? "–" : digits(own.gbs),
      own === undefined ? "–" : `${digits(own.ofCeiling * 100)} ${own.ceiling}`,
      ...names.map((name) => timeOf(entry, name)),
      ...names.map((name) => ratioOf(entry, name)),
    ];
  });
  const head = [
    "case",
    "GFLOP",
    ...variants.map((variant) => `${variant}, ms`),
    "GFLOP/s",
    "GB/s",
    "% of ceiling",
    ...names.map((name) => `${name}, ms`),
    ...names.map((name) => `${name} ÷ ours (CPU)`),
  ];
  const costs = encoding.map(({ name, us, bindGroups, dispatches }) => [
    name,
    digits(us.median),
    `${digits(us.min)} to ${digits(us.max)}`,
    `${bindGroups} in ${dispatches} dispatches`,
  ]);
  return [
    `Ceilings: ${ceilingsText(ceilings)}. ${peersText(report.peers)}`,
    "",
    table(["encoding", "µs a dispatch", "spread", "bind groups created"], costs),
    "",
    table(head, rows),
  ].join("\n");
}

function modelTable({ cases, ceilings, wrong, skipped = [] }: ModelReport): string {
  const head = [
    "case",
    "ms (CPU)",
    "device, ms",
    "% of FMA",
    "dispatches",
    "encoding, µs each",
    "peak, MiB",
    "÷ live",
    "start-up, empty and warm cache, s",
  ];
  const rows = cases.map(({ name, ms, cpuMs, deviceMs, memory, encodingUs, ...entry }) => [
    name,
    `${digits(ms.median)} (${digits(cpuMs.median)})`,
    deviceMs === null ? "–" : digits(deviceMs),
    digits(100 * entry.ofCeiling),
    `${entry.dispatches}`,
    encodingUs === null ? "–" : digits(encodingUs.median),
    digits(memory.peakBytes / MIB),
    digits(memory.peakBytes / memory.peakLiveBytes),
    entry.startUp === null
      ? "–"
      : `${digits(entry.startUp.cold.totalMs / 1000)}, ${digits(entry.startUp.warm.totalMs / 1000)}`,
  ]);
  const notes = [...wrong, ...skipped].map((reason) => `- ${reason.split("\n")[0]}`);
  const below = notes.length === 0 ? [] : ["", ...notes];
  return [`Ceilings: ${ceilingsText(ceilings)}.`, "", table(head, rows), ...below].join("\n");
}

/** Ours in milliseconds, peers as ratios; why a peer is not in a case stands below. */
function comparisonTable({ cases, peers, wrong }: ComparisonReport): string {
  const names = peers.filter((peer) => peer.unavailable === null).map(({ name }) => name);
  const rows = cases.map(({ name, results, ratios }) => {
    const own = results.find(({ contestant }) => !names.includes(contestant));
    const theirs = names.map((peer) => {
      const ratio = ratios[peer];
      return ratio === undefined ? "–" : `${digits(ratio.wall)} (${digits(ratio.cpu)})`;
    });
    const time = own === undefined ? "–" : `${digits(own.ms.median)} (${digits(own.cpuMs.median)})`;
    return [name, time, ...theirs];
  });
  const reasons = cases.flatMap(({ name, without }) =>
    Object.entries(without).map(([peer, why]) => `- ${name}, ${peer}: ${why}`),
  );
  const notes = [...reasons, ...wrong.map((reason) => `- ${reason}`)];
  return [
    `${peersText(peers)} Their times over ours, by wall (CPU) time.`,
    "",
    table(["case", "ours, ms (CPU)", ...names], rows),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

function tablesOf(report: AnyReport): string {
  switch (report.schema) {
    case "fauxgrad-bench-kernels/1":
      return kernelTables(report);
    case "fauxgrad-bench-models/1":
      return modelTable(report);
    case "fauxgrad-bench-peers/1":
      return comparisonTable(report);
    default:
      return report satisfies never;
  }
}

/** A report as the tables of `docs/performance.md`. */
export function markdownOf(report: AnyReport): string {
  return `${headOf(report)}\n\n${tablesOf(report)}`;
}

/** Every target as a table, and the runs that it is judged by. */
export function targetsMarkdown(reports: readonly AnyReport[]): string {
  const heads = reports.map(headOf);
  return [...heads, targetTable(reports)].join("\n\n");
}
