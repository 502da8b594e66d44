import { digits } from "../report/text.ts";
import type { ComparisonCaseReport } from "./report.ts";

/** One case: a line per contestant, ours marked, the others with their ratio to it. */
export function comparisonCaseText(report: ComparisonCaseReport, ours: string): string {
  const lines = report.results.map(({ contestant, ms, cpuMs, gflops }) => {
    const ratio = report.ratios[contestant];
    return [
      `${contestant === ours ? "*" : " "} ${contestant.padEnd(9)}`,
      `${digits(ms.median)} ms (${digits(ms.min)} to ${digits(ms.max)})`.padEnd(30),
      `CPU ${digits(cpuMs.median)} ms`.padEnd(14),
      `${digits(gflops)} GFLOP/s`.padEnd(15),
      ratio === undefined ? "" : `${digits(ratio.wall)} × ours (CPU ${digits(ratio.cpu)} ×)`,
    ]
      .join("  ")
      .trimEnd();
  });
  const without = Object.entries(report.without).map(([name, why]) => `  ${name}: ${why}`);
  return [`${report.name}: ${digits(report.flops / 1e9)} GFLOP`, ...lines, ...without].join("\n");
}
