import { Gpu } from "@fauxgrad/kernels";
import { CASES } from "../../cases.ts";
import type { Schedule } from "../../measure/rounds.ts";
import { MODEL_CASES } from "../../models/cases.ts";
import { runModels } from "../../models/run-models.ts";
import type { AnyReport } from "../../report/any-report.ts";
import { runKernels } from "../../run-kernels.ts";
import { type BrowserDevice, browserEnvironment } from "./browser-device.ts";

/** What the page can measure. */
export type Bench = "kernels" | "models";

/** Names of a bench's cases. */
export const CASE_NAMES: Readonly<Record<Bench, readonly string[]>> = {
  kernels: CASES.map(({ name }) => name),
  models: MODEL_CASES.map(({ name }) => name),
};

/** Those to begin with: quick ones. */
export const QUICK_NAMES: Readonly<Record<Bench, readonly string[]>> = {
  kernels: CASES.filter(({ quick }) => quick).map(({ name }) => name),
  models: MODEL_CASES.filter(({ tier }) => tier === "quick").map(({ name }) => name),
};

/** What the visitor asked for. */
export interface PageRun {
  readonly bench: Bench;
  readonly names: ReadonlySet<string>;
  /** Samples of each contestant. */
  readonly rounds: number;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The same that Node measures, on the visitor's device. */
export async function measure(opened: BrowserDevice, run: PageRun): Promise<AnyReport> {
  const { bench, names, rounds, log, signal } = run;
  const schedule: Schedule = { rounds, minSampleMs: 20, slowMs: 1000 };
  const shared = { schedule, signal, log, command: "serve" };
  if (bench === "kernels") {
    return runKernels(opened.device, {
      ...shared,
      cases: CASES.filter(({ name }) => names.has(name)),
      environmentOf: (gpu) => browserEnvironment(opened, gpu),
    });
  }
  const gpu = new Gpu(opened.device);
  try {
    const cases = MODEL_CASES.filter(({ name }) => names.has(name));
    return await runModels(gpu, { ...shared, cases, environment: browserEnvironment(opened, gpu) });
  } finally {
    gpu.destroy();
  }
}
