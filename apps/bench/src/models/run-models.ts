import { DeviceError, type Gpu } from "@fauxgrad/kernels";
import { measureCeilings } from "../measure/ceilings.ts";
import type { Schedule } from "../measure/rounds.ts";
import type { ModelCaseReport, ModelReport, StartUp } from "../report/model-report.ts";
import { modelCaseText } from "../report/model-text.ts";
import type { Environment } from "../report/report.ts";
import { targetReports } from "../report/targets.ts";
import { environmentText, targetsText } from "../report/text.ts";
import type { ModelCase } from "./cases.ts";
import { measureCase } from "./measure-case.ts";

/** What to measure, how, and where to say it; the same in Node and in a browser. */
export interface ModelBench {
  readonly cases: readonly ModelCase[];
  readonly schedule: Schedule;
  readonly environment: Environment;
  /** Arguments of the command, for the report. */
  readonly command: string;
  /** Start-up of a case, where the host can measure it. */
  readonly startUp?: (name: string) => Promise<{ readonly cold: StartUp; readonly warm: StartUp }>;
  /** Receives the report as it grows. */
  readonly log: (text: string) => void;
  /** Stops before the next case; what was measured is kept. */
  readonly signal?: AbortSignal;
  /** Receives the report behind every case. */
  readonly save?: (report: ModelReport) => void;
}

/** Start-up of a case that was measured; why there is none, instead of losing the case. */
async function startUpOf(
  { startUp }: ModelBench,
  name: string,
): Promise<{ readonly times: ModelCaseReport["startUp"]; readonly problem: string | null }> {
  try {
    return { times: (await startUp?.(name)) ?? null, problem: null };
  } catch (error) {
    return { times: null, problem: `${name}: start-up failed: ${messageOf(error)}` };
  }
}

/** Whether a case is too large for the device, which is no fault of the network. */
function isTooLarge(error: unknown): boolean {
  return error instanceof DeviceError && ["limit", "out-of-memory"].includes(error.kind);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Measures networks on a device; cases that are wrong or fail are listed, and the others go on. */
export async function runModels(gpu: Gpu, bench: ModelBench): Promise<ModelReport> {
  const { cases, schedule, environment, command, log, signal, save } = bench;
  const started = new Date();
  const ceilings = await measureCeilings(gpu);
  log(environmentText(environment, ceilings, []));
  const session = { gpu, software: environment.software, ceilings, schedule };
  const reports: ModelCaseReport[] = [];
  const wrong: string[] = [];
  const skipped: string[] = [];
  const soFar = (): ModelReport => {
    const schema = "fauxgrad-bench-models/1";
    const facts = { schema, environment, cases: [...reports] } as const;
    const seconds = (Date.now() - started.getTime()) / 1000;
    const head = { startedAt: started.toISOString(), seconds, command, ceilings };
    return { ...head, ...facts, targets: targetReports([facts]), wrong, skipped };
  };
  for (const [at, entry] of cases.entries()) {
    if (signal?.aborted) break;
    const place = `[${at + 1}/${cases.length}]`;
    try {
      const measured = await measureCase(session, entry);
      const { times, problem } = await startUpOf(bench, entry.name);
      const report = { ...measured, startUp: times };
      reports.push(report);
      log(`\n${place} ${modelCaseText(report)}`);
      if (problem !== null) wrong.push(problem);
    } catch (error) {
      (isTooLarge(error) ? skipped : wrong).push(`${entry.name}: ${messageOf(error)}`);
      log(`\n${place} ${entry.name}: ${messageOf(error)}`);
    }
    save?.(soFar());
  }
  const report = soFar();
  log(`\n${targetsText(report.targets)}`);
  if (skipped.length > 0) log(`\nToo large for this device:\n${skipped.join("\n")}`);
  if (wrong.length > 0) log(`\nRefused or failed:\n${wrong.join("\n")}`);
  return report;
}
