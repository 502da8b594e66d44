import type { ReportSection, ReportTable } from "../../../../cli/src/report/report.ts";
import { type BarGroup, bars } from "../drawings/bars.ts";
import { type RooflinePoint, roofline } from "../drawings/roofline.ts";
import type { CaseReport, KernelReport, PeerReport, Result } from "../report.ts";
import { type JudgedReport, targetReports } from "../targets.ts";
import { digits, targetName } from "../text.ts";

/** Of each case, what the library uses: the variant of the device's own family. */
function ours({ results }: CaseReport, { environment }: KernelReport): Result | undefined {
  return results.find(({ contestant }) => contestant === environment.defaultVariant);
}

function rooflineSection(report: KernelReport): ReportSection {
  const { environment, ceilings, cases } = report;
  const byCpu = environment.software && environment.cpuClock;
  const points = cases.flatMap((entry): RooflinePoint[] => {
    const own = ours(entry, report);
    if (own === undefined) return [];
    const ms = byCpu ? own.cpuMs.median : own.ms.median;
    const { name, flops, bytes, job } = entry;
    const kind = "pass" in job ? `${job.op} ${job.pass}` : job.op;
    return [{ name, kind, intensity: flops / bytes, gflops: flops / ms / 1e6 }];
  });
  const clock = byCpu ? "a second of CPU time, with which the adapter computes" : "a second";
  const caption =
    `Rates in ${clock}, under the ceilings measured at the start. The pointer on a dot shows ` +
    "its case.";
  const svg = roofline(points, byCpu ? ceilings.cpu : ceilings.wall, "Roofline of the kernels");
  return { title: "Roofline", drawings: [{ svg, caption }] };
}

/** Bars of ours and the peers', where there is a peer. */
export function peerBars(
  cases: readonly {
    readonly name: string;
    readonly results: readonly {
      readonly contestant: string;
      readonly ms: { readonly median: number };
    }[];
  }[],
  ourName: string,
  peers: readonly PeerReport[],
): ReportSection[] {
  const names = peers.map(({ name }) => name);
  const groups = cases.flatMap(({ name, results }): BarGroup[] => {
    const own = results.find(({ contestant }) => contestant === ourName);
    const theirs = results.filter(({ contestant }) => names.includes(contestant));
    if (own === undefined || theirs.length === 0) return [];
    const shown = [own, ...theirs].map(({ contestant, ms }) => {
      return { name: contestant, value: ms.median };
    });
    return [{ name, bars: shown }];
  });
  if (groups.length === 0) return [];
  const svg = bars(groups, "ms", "Times of ours and of the peers");
  const caption = "Wall time over ours, logarithmic: what passes the dashed line is slower.";
  return [{ title: "Against the peers", drawings: [{ svg, caption }] }];
}

/** What became of every goal. */
export function targetSection(report: JudgedReport): ReportSection {
  const columns = [
    "target",
    "verdict",
    "cases",
    "mean",
    "mean, CPU",
    "worst",
    "worst case, or how",
  ];
  const optional = (value: number | null) => (value === null ? "-" : digits(value));
  const rows = targetReports([report]).map((goal) => [
    targetName(goal),
    goal.verdict,
    goal.cases === 0 ? "-" : `${goal.reached} of ${goal.cases}`,
    optional(goal.mean),
    optional(goal.meanCpu),
    optional(goal.worst),
    goal.worstCase ?? goal.why ?? "",
  ]);
  const paragraphs = ["Ratios are times of the peer over ours, their means geometric."];
  return { title: "Targets", paragraphs, tables: [{ columns, rows }] };
}

function caseTable(report: KernelReport): ReportTable {
  const columns = [
    "case",
    "variant",
    "ms",
    "least",
    "most",
    "CPU, ms",
    "device, ms",
    "GFLOP/s",
    "GB/s",
    "% of ceiling",
    "ceiling",
  ];
  const rows = report.cases.flatMap(({ name, results }) =>
    results.map((result) => [
      name,
      result.contestant === report.environment.defaultVariant
        ? `${result.contestant} *`
        : result.contestant,
      digits(result.ms.median),
      digits(result.ms.min),
      digits(result.ms.max),
      digits(result.cpuMs.median),
      result.deviceMs === null ? "-" : digits(result.deviceMs),
      digits(result.gflops),
      digits(result.gbs),
      digits(100 * result.ofCeiling),
      result.ceiling,
    ]),
  );
  return { caption: "* what the library uses on this device", columns, rows };
}

function encodingTable({ encoding }: KernelReport): ReportTable {
  const columns = ["encoding", "µs a dispatch", "least", "most", "bind groups", "buffers"];
  const rows = encoding.map(({ name, us, bindGroups, buffers }) => [
    name,
    digits(us.median),
    digits(us.min),
    digits(us.max),
    bindGroups,
    buffers,
  ]);
  return { columns, rows };
}

/** A report of kernels. */
export function kernelSections(report: KernelReport): ReportSection[] {
  const { cases, environment, peers } = report;
  const without = cases.flatMap(({ name, without: reasons }) =>
    Object.entries(reasons).map(([contestant, why]) => `${name}, ${contestant}: ${why}`),
  );
  return [
    rooflineSection(report),
    ...peerBars(cases, environment.defaultVariant, peers),
    targetSection(report),
    { title: "Encoding", tables: [encodingTable(report)] },
    { title: "Times", tables: [caseTable(report)], notes: without },
  ];
}
