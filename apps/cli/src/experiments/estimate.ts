/*
 * How long the steps that are left will take: by what steps of the same kind took before, or else
 * by the adapter's speed in a short calibration.
 */
import { conv2d, scope, tensor } from "@fauxgrad/tensor";
import { deviceLine, type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { messageOf } from "../terminal/errors.ts";
import type { Plan, Step } from "./step.ts";
import type { StepRecord } from "./step-records.ts";

/** How fast an adapter is; null where there is none. */
export interface Calibration {
  /** `llvmpipe (vulkan)`, or why there is none. */
  readonly device: string;
  /** 10⁹ floating-point operations in a second, in a convolution of 3×3. */
  readonly gflops: number | null;
}

/** What a step is expected to take. */
export interface StepEstimate {
  readonly step: Step;
  readonly isDone: boolean;
  /** Of what is left; null where nothing is known. */
  readonly seconds: number | null;
  /** Whether steps of the same kind have told. */
  readonly isMeasured: boolean;
}

/** What networks reach of the speed of the calibration's convolution, roughly. */
const EFFICIENCY = 0.6;
const SIDE = 64;
const CHANNELS = 64;
const IMAGES = 4;
const GFLOP = (2 * 9 * IMAGES * SIDE ** 2 * CHANNELS ** 2) / 1e9;
const RUNS = 5;

/** What the estimates rest on. */
export const ESTIMATE_ASSUMPTIONS: readonly string[] = [
  "Time: floating-point operations of the networks, at " +
    `${100 * EFFICIENCY} % of what a 3 x 3 convolution of ${CHANNELS} channels reaches on this adapter; ` +
    "where steps of the same kind are done already, by what they took.",
];

/** Times a convolution on the adapter; never throws, for a plan can do without. */
export async function calibrate(options: GlobalOptions): Promise<Calibration> {
  try {
    const session = await openGpu(options);
    try {
      const { gpu, info } = session;
      const times: number[] = [];
      for (let run = 0; run <= RUNS; run += 1) {
        const began = performance.now();
        await scope(async () => {
          const input = tensor(gpu, new Float32Array(IMAGES * SIDE ** 2 * CHANNELS), [
            ...[IMAGES, SIDE, SIDE, CHANNELS],
          ]);
          const weight = tensor(gpu, new Float32Array(9 * CHANNELS ** 2), [
            3,
            3,
            CHANNELS,
            CHANNELS,
          ]);
          conv2d(input, weight, null, { padding: 1 });
          await gpu.synchronize();
        });
        times.push(performance.now() - began);
      }
      // The first run compiles.
      const [middle = Number.NaN] = times
        .slice(1)
        .sort((a, b) => a - b)
        .slice(RUNS >> 1);
      return { device: deviceLine(info), gflops: GFLOP / (middle / 1000) };
    } finally {
      session.close();
    }
  } catch (error) {
    return { device: messageOf(error).split("\n", 1)[0] ?? "no adapter", gflops: null };
  }
}

/** What each step will take. */
export function estimateSteps(
  { steps }: Plan,
  done: ReadonlyMap<string, StepRecord>,
  { gflops }: Calibration,
): StepEstimate[] {
  const rates = measuredRates([...done.values()]);
  return steps.map((step) => {
    const { key, count, gflop } = step.cost;
    const rate = rates.get(key);
    const computed = gflops === null ? null : (count * gflop) / (gflops * EFFICIENCY);
    return {
      step,
      isDone: done.has(step.id),
      isMeasured: rate !== undefined,
      seconds: rate === undefined ? computed : count * rate,
    };
  });
}

/** Seconds for a unit, by the key. */
function measuredRates(records: readonly StepRecord[]): Map<string, number> {
  const sums = new Map<string, { seconds: number; count: number }>();
  for (const { key, seconds, count } of records) {
    const sum = sums.get(key) ?? { seconds: 0, count: 0 };
    sums.set(key, { seconds: sum.seconds + seconds, count: sum.count + count });
  }
  const known = [...sums].filter(([, { count }]) => count > 0);
  return new Map(known.map(([key, { seconds, count }]) => [key, seconds / count]));
}
