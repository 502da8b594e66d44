import type { Ceilings } from "../measure/ceilings.ts";
import type { EncodingCost } from "../measure/encoding.ts";
import type { CaseReport, Environment, PeerReport, Result, TargetReport } from "./report.ts";

/** Three significant digits. */
export function digits(value: number): string {
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 6));
}

/** Milliseconds with their spread. */
function spread({ ms }: Result): string {
  return `${digits(ms.median)} ms (${digits(ms.min)} to ${digits(ms.max)})`;
}

/** Both ceilings by both clocks. */
export function ceilingsText({ wall, cpu }: Ceilings): string {
  return (
    `${digits(wall.fmaGFLOPs)} GFLOP/s (FMA), ${digits(wall.copyGBs)} GB/s (copy); ` +
    `per second of CPU ${digits(cpu.fmaGFLOPs)} and ${digits(cpu.copyGBs)}`
  );
}

/** What the contestants ran in. */
export function hostText({ node, browser, platform, cpu, cores }: Environment): string {
  const host = browser ?? `Node ${node}`;
  return `${host}, ${platform}, ${cores} × ${cpu}`;
}

/** The device, the host and the packages. */
function hostLines(environment: Environment): string[] {
  const { device, backend, software, unsafe } = environment;
  const kind = software ? "software: compare contestants, not machines" : "hardware";
  return [
    `Device    ${device} (${backend}, ${kind})${unsafe ? ", checks off" : ""}`,
    `Host      ${hostText(environment)}`,
    `Packages  ${Object.entries(environment.packages)
      .map((entry) => entry.join(" "))
      .join(", ")}`,
  ];
}

function peerLines(peers: readonly PeerReport[]): string[] {
  return peers.map(({ name, packages, adapter, unavailable }) => {
    const found = unavailable ?? `${packages} on ${adapter}`;
    return `Peer      ${name}: ${unavailable === null ? found : `unavailable: ${found}`}`;
  });
}

/** What a report of kernels begins with. */
export function environmentText(
  environment: Environment,
  ceilings: Ceilings,
  peers: readonly PeerReport[],
): string {
  const ceiling = `Ceilings  ${ceilingsText(ceilings)}`;
  return [...hostLines(environment), ceiling, ...peerLines(peers)].join("\n");
}

/** What a comparison begins with. */
export function peersText(environment: Environment, peers: readonly PeerReport[]): string {
  return [...hostLines(environment), ...peerLines(peers)].join("\n");
}

/** One case: a line per contestant, the fastest of ours marked by the ratio to each peer. */
export function caseText(report: CaseReport, defaultVariant: string): string {
  const head = `${report.name}: ${digits(report.flops / 1e9)} GFLOP, ${digits(report.bytes / 1e6)} MB`;
  const lines = report.results.map((result) => {
    const ratio = report.ratios[result.contestant];
    const mark = result.contestant === defaultVariant ? "*" : " ";
    return [
      `${mark} ${result.contestant.padEnd(10)}`,
      spread(result).padEnd(30),
      `CPU ${digits(result.cpuMs.median)} ms`.padEnd(12),
      `${digits(result.gflops)} GFLOP/s`.padEnd(15),
      `${digits(result.gbs)} GB/s`.padEnd(11),
      `${digits(result.ofCeiling * 100)} % of ${result.ceiling}`.padEnd(16),
      result.deviceMs === null ? "" : `device ${digits(result.deviceMs)} ms`,
      ratio === undefined ? "" : `${digits(ratio.wall)} × ours (CPU ${digits(ratio.cpu)} ×)`,
    ]
      .join("  ")
      .trimEnd();
  });
  const without = Object.entries(report.without).map(([name, why]) => `  ${name}: ${why}`);
  return [head, ...lines, ...without].join("\n");
}

/** What the CPU pays. */
export function encodingText(costs: readonly EncodingCost[]): string {
  const lines = costs.map(({ name, us, bindGroups, buffers, dispatches }) => {
    return (
      `  ${name}: ${digits(us.median)} µs a dispatch (${digits(us.min)} to ${digits(us.max)}), ` +
      `${bindGroups} bind groups and ${buffers} buffers created in ${dispatches} dispatches`
    );
  });
  return ["Encoding in steady state", ...lines].join("\n");
}

/** A goal in words: `matmul 512³ ≥ 5 × tfjs`. */
export function targetName({ name, bound, target, unit }: TargetReport): string {
  return `${name} ${bound === "at least" ? "≥" : "≤"} ${target} ${unit}`;
}

/** How many of a goal's cases are within it, the worst of them, and their mean. */
export function targetFound(goal: TargetReport): string {
  const { cases, reached, worst, worstCase, mean, meanCpu, why } = goal;
  if (worst === null || mean === null) return why ?? "";
  const cpu = meanCpu === null ? "" : ` (CPU ${digits(meanCpu)})`;
  const only = `${digits(worst)}${cpu}: ${worstCase}`;
  if (cases === 1) return only;
  return `${reached} of ${cases}; worst ${digits(worst)}: ${worstCase}; mean ${digits(mean)}${cpu}`;
}

/** The goals that were measured, and what became of them; of the others, how many there are. */
export function targetsText(targets: readonly TargetReport[]): string {
  const lines = targets
    .filter(({ verdict }) => verdict !== "not measured")
    .map((goal) => {
      const mark = goal.verdict === "reached" ? "reached" : "MISSED ";
      return `  ${mark}  ${targetName(goal)}: ${targetFound(goal)}`;
    });
  const rest = targets.length - lines.length;
  const none = lines.length === 0 ? ["  none was measured"] : lines;
  return [
    "Targets; ratios are the peer's wall time over ours",
    ...none,
    ...(rest === 0 ? [] : [`  not measured here: ${rest}; the page and \`bench targets\` say how`]),
  ].join("\n");
}
