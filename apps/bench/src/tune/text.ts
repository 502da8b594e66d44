import { type Explanation, formatVariant } from "@fauxgrad/kernels";
import { digits } from "../report/text.ts";
import type { SearchResult } from "./search.ts";

/** The finalists of a search, and what became of it. */
export function searchText({ key, heuristic, row, finalists, tried, wrong }: SearchResult): string {
  const lines = finalists.map(({ variant, times }) => {
    const { ms, cpuMs } = times;
    const name = variant === "heuristic" ? `heuristic (${heuristic})` : variant;
    return (
      `  ${name.padEnd(28)}  ${digits(ms.median)} ms (${digits(ms.min)} to ${digits(ms.max)})  ` +
      `CPU ${digits(cpuMs.median)} ms (${digits(cpuMs.min)} to ${digits(cpuMs.max)})`
    );
  });
  const verdict =
    row === null
      ? "the heuristic's choice stays"
      : `${row.variant} wins, ${digits(row.gain)} times as fast`;
  const refused = Object.entries(wrong).map(([name, why]) => `  ${name}: refused: ${why}`);
  return [`  ${key}: ${tried} candidates`, ...lines, ...refused, `  ${verdict}`].join("\n");
}

/** What was chosen, by what, and the other candidates. */
export function explanationText({ key, op, variant, by, why, candidates }: Explanation): string {
  const possible = candidates.filter(({ impossible }) => impossible === null);
  const names = new Map<string, string[]>();
  for (const { variant: candidate, impossible } of candidates) {
    if (impossible === null) continue;
    const known = names.get(impossible) ?? [];
    names.set(impossible, [...known, formatVariant(candidate)]);
  }
  return [
    `  shape     ${key}`,
    `  chosen    ${formatVariant(variant)}, by ${by}: ${why}`,
    `  possible  ${possible.map((candidate) => formatVariant(candidate.variant)).join(", ")}`,
    ...[...names].map(([reason, texts]) => `  not       ${texts.join(", ")}: ${reason}`),
    `  override  FAUXGRAD_KERNEL=${op}=VARIANT`,
  ].join("\n");
}
