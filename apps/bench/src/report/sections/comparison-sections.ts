import type { ReportSection } from "../../../../cli/src/report/report.ts";
import type { ComparisonReport } from "../../comparison/report.ts";
import { digits } from "../text.ts";
import { peerBars, targetSection } from "./kernel-sections.ts";

/** A comparison with other libraries. */
export function comparisonSections(report: ComparisonReport): ReportSection[] {
  const { cases, peers } = report;
  const ours = cases
    .flatMap(({ results }) => results.map(({ contestant }) => contestant))
    .find((name) => !peers.some((peer) => peer.name === name));
  const columns = ["case", "contestant", "ms", "least", "most", "CPU, ms", "GFLOP/s", "÷ ours"];
  const rows = cases.flatMap(({ name, results, ratios }) =>
    results.map(({ contestant, ms, cpuMs, gflops }) => [
      name,
      contestant,
      digits(ms.median),
      digits(ms.min),
      digits(ms.max),
      digits(cpuMs.median),
      digits(gflops),
      ratios[contestant] === undefined ? "-" : digits(ratios[contestant].wall),
    ]),
  );
  const without = cases.flatMap(({ name, without: reasons }) =>
    Object.entries(reasons).map(([contestant, why]) => `${name}, ${contestant}: ${why}`),
  );
  return [
    targetSection(report),
    ...peerBars(cases, ours ?? "", peers),
    { title: "Times", tables: [{ columns, rows }], notes: without },
  ];
}
