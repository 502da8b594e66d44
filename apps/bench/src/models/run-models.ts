import type { Gpu } from "@fauxgrad/kernels";
import { measureCeilings } from "../measure/ceilings.ts";
import type { Schedule } from "../measure/rounds.ts";
import type { ModelCaseReport, ModelReport, StartUp } from "../report/model-report.ts";
import { modelCaseText } from "../report/model-text.ts";
import type { Environment } from "../report/report.ts";
import { environmentText } from "../report/text.ts";
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
}

/** Measures networks on a device; cases that are wrong or fail are listed, and the others go on. */
export async function runModels(gpu: Gpu, bench: ModelBench): Promise<ModelReport> {
  const { cases, schedule, environment, command, startUp, log, signal } = bench;
  const started = new Date();
  const ceilings = await measureCeilings(gpu);
  log(environmentText(environment, ceilings, []));
  const session = { gpu, software: environment.software, ceilings, schedule };
  const reports: ModelCaseReport[] = [];
  const wrong: string[] = [];
  for (const [at, entry] of cases.entries()) {
    if (signal?.aborted) break;
    const place = `[${at + 1}/${cases.length}]`;
    try {
      const measured = await measureCase(session, entry);
      const report = { ...measured, startUp: (await startUp?.(entry.name)) ?? null };
      reports.push(report);
      log(`\n${place} ${modelCaseText(report)}`);
    } catch (error) {
      const reason = `${entry.name}: ${error instanceof Error ? error.message : String(error)}`;
      wrong.push(reason);
      log(`\n${place} ${reason}`);
    }
  }
  return {
    schema: "fauxgrad-bench-models/1",
    startedAt: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    command,
    environment,
    ceilings,
    cases: reports,
    wrong,
  };
}
