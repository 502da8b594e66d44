import type { CaseReport, KernelReport } from "./report.ts";
import { ceilingsText, digits, hostText } from "./text.ts";

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

/** A report as the tables of `docs/performance.md`. */
export function markdownOf(report: KernelReport): string {
  const { environment, ceilings, cases, targets, encoding } = report;
  const variants = ["registers", "tiled"];
  const peers = report.peers.filter(({ unavailable }) => unavailable === null);
  const names = peers.map(({ name }) => name);
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
  const goals = targets.map((goal) => [
    `${goal.name} ≥ ${goal.target} × ${goal.peer}`,
    `${goal.reached} of ${goal.cases}`,
    `${digits(goal.geometricMean.wall)} (${digits(goal.geometricMean.cpu)})`,
    `${digits(goal.worst)} (${goal.worstCase})`,
  ]);
  const costs = encoding.map(({ name, us, bindGroups, dispatches }) => [
    name,
    digits(us.median),
    `${digits(us.min)} to ${digits(us.max)}`,
    `${bindGroups} in ${dispatches} dispatches`,
  ]);
  return [
    `\`npm run bench -- ${report.command}\`, ${report.startedAt.slice(0, 10)}, ` +
      `${digits(report.seconds / 60)} minutes.`,
    "",
    `Device: ${environment.device} (${environment.backend}` +
      `${environment.software ? ", software" : ""}). ` +
      `Host: ${hostText(environment)}. Ceilings: ${ceilingsText(ceilings)}. ` +
      `Peers: ${peers.map(({ name, packages }) => `${name} = ${packages}`).join(", ") || "none"}.`,
    "",
    table(["target", "reached", "geometric mean (CPU)", "worst"], goals),
    "",
    table(["encoding", "µs a dispatch", "spread", "bind groups created"], costs),
    "",
    table(head, rows),
  ].join("\n");
}
