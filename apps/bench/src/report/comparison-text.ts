import type { Change, Comparison } from "./compare.ts";
import { digits } from "./text.ts";

const MARKS: Readonly<Record<Change["verdict"], string>> = {
  slower: "▲ SLOWER",
  faster: "▼ faster",
  same: "",
};

/** Two runs in the terminal, the worst first. */
export function comparisonText({ changes, gone, added, warnings, clock }: Comparison): string {
  const width = Math.max(0, ...changes.map(({ name }) => name.length));
  const lines = changes.map((change) =>
    [
      change.name.padEnd(width),
      `${digits(change.before.median)} → ${digits(change.after.median)} ms`.padEnd(22),
      `× ${digits(change.ratio)}`.padEnd(8),
      `(± ${digits(100 * change.threshold)} %)`.padEnd(12),
      MARKS[change.verdict],
      change.changedResult ? "other bits" : "",
    ]
      .join("  ")
      .trimEnd(),
  );
  return [
    `After over before, by ${clock} time`,
    ...warnings.map((warning) => `! ${warning}`),
    ...lines,
    ...gone.map((name) => `${name}: only before`),
    ...added.map((name) => `${name}: only after`),
  ].join("\n");
}
