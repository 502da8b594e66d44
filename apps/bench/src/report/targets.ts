import { geometricMean } from "../measure/statistics.ts";
import type { Ratio, TargetReport } from "./report.ts";

/** A goal: how many times as fast as a peer, over a set of cases. */
export interface Target<J> {
  readonly name: string;
  readonly peer: string;
  readonly ratio: number;
  includes(job: J, name: string): boolean;
}

/** What a goal is judged by. */
export interface JudgedCase<J> {
  readonly name: string;
  readonly job: J;
  readonly ratios: Readonly<Record<string, Ratio>>;
}

/** What became of the goals, of those whose cases and peers were measured. */
export function targetReports<J>(
  targets: readonly Target<J>[],
  cases: readonly JudgedCase<J>[],
): TargetReport[] {
  return targets.flatMap((target) => {
    const measured = cases.flatMap(({ name, job, ratios }) => {
      const ratio = ratios[target.peer];
      return ratio !== undefined && target.includes(job, name) ? [{ name, ratio }] : [];
    });
    const [worst] = [...measured].sort((a, b) => a.ratio.wall - b.ratio.wall);
    if (worst === undefined) return [];
    const wall = measured.map(({ ratio }) => ratio.wall);
    const cpu = measured.map(({ ratio }) => ratio.cpu);
    return [
      {
        name: target.name,
        peer: target.peer,
        target: target.ratio,
        cases: measured.length,
        reached: wall.filter((ratio) => ratio >= target.ratio).length,
        worst: worst.ratio.wall,
        worstCase: worst.name,
        geometricMean: { wall: geometricMean(wall), cpu: geometricMean(cpu) },
      },
    ];
  });
}
