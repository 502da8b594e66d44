import type { ComparisonReport } from "../comparison/report.ts";
import type { ModelReport } from "./model-report.ts";
import type { KernelReport } from "./report.ts";

/** What `--json` of some command wrote. */
export type AnyReport = KernelReport | ModelReport | ComparisonReport;

/** What the reports are of, by schema. */
export const REPORT_TITLES: Readonly<Record<AnyReport["schema"], string>> = {
  "fauxgrad-bench-kernels/1": "Kernels",
  "fauxgrad-bench-models/1": "Networks",
  "fauxgrad-bench-peers/1": "Comparison with other libraries",
};

/**
 * The report that JSON holds.
 *
 * @param name of the file, for the message
 * @throws {RangeError} naming the schemas that are known, if it has another
 */
export function asReport(value: unknown, name: string): AnyReport {
  const schema = (value as { readonly schema?: unknown } | null)?.schema;
  if (typeof schema === "string" && Object.hasOwn(REPORT_TITLES, schema)) return value as AnyReport;
  throw new RangeError(
    `${name}: not a report of this bench\n  schema  ${JSON.stringify(schema) ?? "none"}\n` +
      `  known   ${Object.keys(REPORT_TITLES).join(", ")}\n` +
      "Pass what --json of `bench kernels`, `bench models` or `bench peers` wrote.",
  );
}
