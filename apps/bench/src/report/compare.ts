/*
 * Two runs side by side. A difference counts where it is larger than what the samples of either run
 * scatter by; a machine that was busy during one of them makes the scatter, and so the threshold,
 * larger.
 */
import type { Summary } from "../measure/statistics.ts";
import type { AnyReport } from "./any-report.ts";

/** One time of a report, by the clock that is steadier there. */
export interface Measure {
  /** Case, and contestant where there are several. */
  readonly name: string;
  readonly ms: Summary;
  /** Of what was computed, where the report has it. */
  readonly checksum: string | null;
}

/** What became of a measure. */
export interface Change {
  readonly name: string;
  readonly before: Summary;
  readonly after: Summary;
  /** After over before: above 1, it became slower. */
  readonly ratio: number;
  /** How far the ratio must be from 1 to count. */
  readonly threshold: number;
  readonly verdict: "slower" | "faster" | "same";
  /** Whether the results differ in a bit. */
  readonly changedResult: boolean;
}

/** Two runs. */
export interface Comparison {
  readonly changes: readonly Change[];
  /** Measured before only, and after only. */
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** What makes the runs hard to compare: another device, host or version. */
  readonly warnings: readonly string[];
  readonly clock: "wall" | "CPU";
}

/** Standard deviation over median absolute deviation, of a normal distribution. */
const SIGMA_OF_MAD = 1.4826;
/** One in 370 of what only scatters, were it normal. */
const SIGMAS = 3;
/** Few samples may agree by chance: less than this is no change. */
const LEAST_THRESHOLD = 0.05;

function isSoftware({ environment }: AnyReport): boolean {
  return environment.software && environment.cpuClock;
}

function measuresOf(report: AnyReport, clock: Comparison["clock"]): Measure[] {
  const times = ({ ms, cpuMs }: { readonly ms: Summary; readonly cpuMs: Summary }) =>
    clock === "CPU" ? cpuMs : ms;
  if (report.schema === "fauxgrad-bench-models/1") {
    return report.cases.map((entry) => {
      return { name: entry.name, ms: times(entry), checksum: entry.checksum };
    });
  }
  return report.cases.flatMap((entry) =>
    entry.results.map((result) => {
      return { name: `${entry.name} · ${result.contestant}`, ms: times(result), checksum: null };
    }),
  );
}

/** `3 · σ` of the two medians' scatter, of the median before; at least 5 %. */
export function thresholdOf(before: Summary, after: Summary): number {
  const sigma = SIGMA_OF_MAD * Math.hypot(before.mad, after.mad);
  return Math.max(LEAST_THRESHOLD, (SIGMAS * sigma) / before.median);
}

function changeOf(before: Measure, after: Measure): Change {
  const ratio = after.ms.median / before.ms.median;
  const threshold = thresholdOf(before.ms, after.ms);
  const isSlower = ratio > 1 + threshold;
  const isFaster = ratio < 1 / (1 + threshold);
  return {
    name: after.name,
    before: before.ms,
    after: after.ms,
    ratio,
    threshold,
    verdict: isSlower ? "slower" : isFaster ? "faster" : "same",
    changedResult: before.checksum !== after.checksum,
  };
}

function warningsOf(before: AnyReport, after: AnyReport): string[] {
  const facts = ["device", "backend", "node", "browser", "platform", "cpu", "unsafe"] as const;
  return facts.flatMap((fact) => {
    const [was, is] = [before.environment[fact], after.environment[fact]];
    return was === is ? [] : [`${fact} was ${was}, is ${is}`];
  });
}

/**
 * What changed between two runs of the same bench; by CPU time where both computed on the CPU,
 * which other work on the machine disturbs less.
 *
 * @throws {RangeError} if the reports are of different benches
 */
export function compareReports(before: AnyReport, after: AnyReport): Comparison {
  if (before.schema !== after.schema) {
    throw new RangeError(
      "report: two reports of different benches cannot be compared\n" +
        `  before  ${before.schema}\n  after   ${after.schema}\nPass two runs of one command.`,
    );
  }
  const clock = isSoftware(before) && isSoftware(after) ? "CPU" : "wall";
  const earlier = new Map(measuresOf(before, clock).map((measure) => [measure.name, measure]));
  const later = measuresOf(after, clock);
  const names = new Set(later.map(({ name }) => name));
  const changes = later.flatMap((measure) => {
    const match = earlier.get(measure.name);
    return match === undefined ? [] : [changeOf(match, measure)];
  });
  return {
    changes: changes.sort((a, b) => b.ratio - a.ratio),
    gone: [...earlier.keys()].filter((name) => !names.has(name)),
    added: [...names].filter((name) => !earlier.has(name)),
    warnings: warningsOf(before, after),
    clock,
  };
}
