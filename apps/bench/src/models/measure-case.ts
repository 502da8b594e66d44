import type { Gpu } from "@fauxgrad/kernels";
import type { Ceilings } from "../measure/ceilings.ts";
import { costOf, hasCpuClock } from "../measure/cost.ts";
import { type Contestant, interleave, type Schedule } from "../measure/rounds.ts";
import { type Summary, summarise } from "../measure/statistics.ts";
import { WrongResultError } from "../measure/validate.ts";
import type { ModelCaseReport, StepMemory, TimedDispatch } from "../report/model-report.ts";
import type { ModelCase } from "./cases.ts";
import { checksum } from "./checksum.ts";
import { profileParts } from "./parts.ts";
import { flopsOf, startCase } from "./start.ts";
import type { Workload } from "./workload.ts";

/** What the cases of a run have in common. */
export interface ModelSession {
  readonly gpu: Gpu;
  readonly software: boolean;
  readonly ceilings: Ceilings;
  readonly schedule: Schedule;
}

/** Steps of which the encoding is timed; of slow ones, one. */
const ENCODED_STEPS = 5;

/** Numbers of a step, refused unless all are finite and there are some. */
async function finiteResult(workload: Workload): Promise<Float32Array> {
  const result = await workload.result();
  const broken = result.findIndex((value) => !Number.isFinite(value));
  if (result.length > 0 && broken < 0) return result;
  const what = result.length === 0 ? "no result" : `element ${broken} is ${result[broken]}`;
  throw new WrongResultError(`refused to time a wrong network: ${what}`);
}

/** Whether every step computes the same: nothing that it starts from is changed by it. */
function isRepeatable({ use }: ModelCase): boolean {
  return use !== "training step";
}

/** A case as something to be timed. */
function contestantOf(gpu: Gpu, entry: ModelCase, workload: Workload, first: string): Contestant {
  return {
    name: entry.name,
    isWarm: true,
    sample: (repeats) =>
      costOf(async () => {
        for (let i = 0; i < repeats; i++) await workload.run();
        await gpu.synchronize();
      }),
    async check() {
      const last = checksum(await finiteResult(workload));
      if (last === first || !isRepeatable(entry)) return;
      throw new WrongResultError(`the last step computed ${last}, the first ${first}`);
    },
  };
}

/** Training changes what it starts from: a second network must take the same first step. */
async function requireRepeatable(gpu: Gpu, entry: ModelCase, first: string): Promise<void> {
  if (isRepeatable(entry)) return;
  const again = startCase(gpu, entry);
  try {
    await again.run();
    const second = checksum(await finiteResult(again));
    if (second === first) return;
    throw new WrongResultError(
      `refused to time a wrong network: two first steps computed ${first} and ${second}`,
    );
  } finally {
    again.dispose();
  }
}

/** Microseconds of this thread a dispatch, while the device has nothing else to do. */
async function encodingOf(gpu: Gpu, workload: Workload, steps: number): Promise<Summary | null> {
  if (!workload.isSynchronous) return null;
  const samples: number[] = [];
  for (let i = 0; i < steps; i++) {
    await gpu.synchronize();
    const before = gpu.stats.dispatches;
    const { ms, cpuMs } = await costOf(() => {
      // Nothing to wait for: it is synchronous.
      void workload.run();
    });
    samples.push((Math.min(ms, cpuMs) * 1000) / (gpu.stats.dispatches - before));
  }
  await gpu.synchronize();
  return summarise(samples);
}

/** Memory and dispatches of one step, from a device that has given back what it does not use. */
async function stepStats(
  gpu: Gpu,
  workload: Workload,
): Promise<{ readonly memory: StepMemory; readonly dispatches: number }> {
  await gpu.synchronize();
  gpu.trim();
  const { liveBytes: restingBytes, dispatches: before } = gpu.stats;
  gpu.resetPeak();
  await workload.run();
  await gpu.synchronize();
  const { peakLiveBytes, peakBytes, dispatches } = gpu.stats;
  return {
    memory: { restingBytes, peakLiveBytes, peakBytes },
    dispatches: dispatches - before,
  };
}

async function timelineOf(gpu: Gpu, workload: Workload): Promise<TimedDispatch[]> {
  return gpu.device.features.has("timestamp-query") ? profileParts(gpu, workload) : [];
}

/**
 * Validates a case, then measures it.
 *
 * @throws {WrongResultError} if a step's numbers are not finite, or not the same twice
 */
export async function measureCase(
  { gpu, software, ceilings, schedule }: ModelSession,
  entry: ModelCase,
): Promise<Omit<ModelCaseReport, "startUp">> {
  const { name, use, batch, size } = entry;
  const flops = flopsOf(gpu, entry);
  const workload = startCase(gpu, entry);
  try {
    await workload.run();
    const first = checksum(await finiteResult(workload));
    await requireRepeatable(gpu, entry, first);
    const { memory, dispatches } = await stepStats(gpu, workload);
    const timings = await interleave([contestantOf(gpu, entry, workload, first)], schedule);
    const timing = timings.get(name);
    if (timing === undefined || "failure" in timing) {
      throw new WrongResultError(timing?.failure ?? "no time was taken");
    }
    const timeline = await timelineOf(gpu, workload);
    const { ms, cpuMs } = timing;
    const rates = software && hasCpuClock ? ceilings.cpu : ceilings.wall;
    const taken = software ? cpuMs.median : ms.median;
    return {
      name,
      use,
      batch,
      size,
      flops,
      ms,
      cpuMs,
      deviceMs: timeline.length === 0 ? null : timeline.reduce((sum, row) => sum + row.ms, 0),
      imagesPerSecond: (batch * 1000) / ms.median,
      gflops: flops / ms.median / 1e6,
      ofCeiling: flops / (rates.fmaGFLOPs * 1e6) / taken,
      dispatches,
      encodingUs: await encodingOf(gpu, workload, ms.median > schedule.slowMs ? 1 : ENCODED_STEPS),
      memory,
      timeline,
      checksum: first,
    };
  } finally {
    workload.dispose();
    await gpu.synchronize();
    gpu.trim();
  }
}
