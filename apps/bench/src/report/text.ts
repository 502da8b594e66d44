import type { Ceilings } from "../measure/ceilings.ts";
import type { EncodingCost } from "../measure/encoding.ts";
import type { CaseReport, Environment, PeerReport, Result, TargetReport } from "./report.ts";

/** Microseconds of CPU that a dispatch may cost in steady state. */
export const MOST_ENCODING_US = 10;

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

/** What the CPU pays, against its goal. */
export function encodingText(costs: readonly EncodingCost[]): string {
  const lines = costs.map(({ name, us, bindGroups, buffers, dispatches }) => {
    const verdict = us.median <= MOST_ENCODING_US ? "reached" : "MISSED";
    return (
      `  ${name}: ${digits(us.median)} µs a dispatch (${digits(us.min)} to ${digits(us.max)}), ` +
      `${bindGroups} bind groups and ${buffers} buffers created in ${dispatches} dispatches: ${verdict}`
    );
  });
  return [`Encoding in steady state, at most ${MOST_ENCODING_US} µs a dispatch`, ...lines].join(
    "\n",
  );
}

/** The goals and what became of them. */
export function targetsText(targets: readonly TargetReport[]): string {
  if (targets.length === 0) return "No target could be judged: no peer was measured on its cases.";
  const lines = targets.map((target) => {
    const { name, peer, worst, worstCase, geometricMean, reached, cases } = target;
    const missed = reached === cases ? "" : `, MISSED in ${cases - reached}`;
    return (
      `  ${name} ≥ ${target.target} × ${peer}: reached in ${reached} of ${cases}${missed}; ` +
      `worst ${digits(worst)} (${worstCase}), ` +
      `mean ${digits(geometricMean.wall)} (CPU ${digits(geometricMean.cpu)})`
    );
  });
  return ["Targets: wall time of the peer over ours", ...lines].join("\n");
}
