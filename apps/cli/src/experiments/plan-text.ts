/*
 * What an experiment would do, for people and for programs: `--dry-run`.
 */
import { columns } from "../terminal/output.ts";
import { formatBytes, formatCount, formatDuration, plural } from "../terminal/units.ts";
import { type Calibration, ESTIMATE_ASSUMPTIONS, type StepEstimate } from "./estimate.ts";
import type { Plan } from "./step.ts";

/** Everything a plan says. */
export interface PlanReport {
  readonly plan: Plan;
  readonly estimates: readonly StepEstimate[];
  readonly calibration: Calibration;
}

/** The plan for a terminal. */
export function planText({ plan, estimates, calibration }: PlanReport): string {
  const { device, gflops } = calibration;
  const speed =
    gflops === null ? "" : `, ${formatCount(Math.round(gflops))} GFLOP/s in the calibration`;
  const head = ["step", "work", "time", "disk", ""];
  const rows = estimates.map(({ step, isDone, seconds, isMeasured }) => [
    step.id,
    plural(step.cost.count, step.cost.unit),
    isDone ? "-" : timeText(seconds),
    formatBytes(step.cost.bytes),
    isDone ? "done" : isMeasured ? "time as measured" : "",
  ]);
  return [
    plan.title,
    "",
    ...columns([head, ...rows]),
    "",
    totalText(estimates),
    `Adapter: ${device}${speed}.`,
    ...[...ESTIMATE_ASSUMPTIONS, ...plan.assumptions],
    ...rowLines(plan),
  ].join("\n");
}

function totalText(estimates: readonly StepEstimate[]): string {
  const left = estimates.filter(({ isDone }) => !isDone);
  const bytes = left.reduce((sum, { step }) => sum + step.cost.bytes, 0);
  const known = left.every(({ seconds }) => seconds !== null);
  const seconds = left.reduce((sum, each) => sum + (each.seconds ?? 0), 0);
  const time = known ? `about ${timeText(seconds)}` : "a time that cannot be told";
  const done = estimates.length - left.length;
  return (
    `${plural(left.length, "step")} to do` +
    `${done === 0 ? "" : `, ${formatCount(done)} done`}: ${time}, ${formatBytes(bytes)} of disk.`
  );
}

/** Which rows can be made, and why the others cannot. */
export function rowLines({ rows }: Plan): string[] {
  const lines = rows.flatMap(({ label, missing, notices }) => [
    ...(missing.length === 0 ? [] : [`${label} cannot be made:`]),
    ...missing.map((reason) => `  ${reason}`),
    ...notices.map((notice) => `${label}: ${notice}`),
  ]);
  const made = rows.filter(({ step }) => step !== null).length;
  return ["", `${made} of ${plural(rows.length, "row")} can be made.`, ...lines];
}

/** Estimates of days are no estimates of minutes. */
function timeText(seconds: number | null): string {
  if (seconds === null) return "?";
  const hours = seconds / 3600;
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return hours >= 10 ? `${Math.round(hours)} h` : formatDuration(1000 * seconds);
}

/** The plan for a program. */
export function planJson({ plan, estimates, calibration }: PlanReport) {
  return {
    title: plan.title,
    calibration,
    assumptions: [...ESTIMATE_ASSUMPTIONS, ...plan.assumptions],
    steps: estimates.map(({ step, isDone, seconds, isMeasured }) => ({
      id: step.id,
      kind: step.kind,
      needs: step.needs,
      folder: step.folder,
      identity: step.identity,
      cost: step.cost,
      done: isDone,
      seconds,
      measured: isMeasured,
    })),
    rows: plan.rows,
  };
}
