import {
  type Conv2dGeometry,
  type Conv2dPass,
  conv2dGeometry,
  type Explanation,
  explainConv2d,
  formatVariant,
  Gpu,
  matmulGeometry,
  type TuningRow,
} from "@fauxgrad/kernels";
import { type Conv2dJob, isHalf, type Job, type MatmulJob, type Pass } from "../jobs.ts";
import { OurContestant } from "../measure/ours.ts";
import { interleave, type Schedule, type Times } from "../measure/rounds.ts";
import type { Operands } from "../operands.ts";
import { operandsOf } from "../ops/table.ts";

/** A job that has variants to choose from. */
export type TunableJob = Conv2dJob | MatmulJob;

/** Whether a job has variants whose times are looked up: those of f32 hold for f16, too. */
export function isTunable(job: Job): job is TunableJob {
  return (job.op === "conv2d" || job.op === "matmul") && !isHalf(job);
}

const PASSES: Readonly<Record<Pass, Conv2dPass>> = {
  forward: "conv2d",
  gradInput: "conv2dGradInput",
  gradWeight: "conv2dGradWeight",
};

/** A matrix product is a convolution of single pixels. */
function geometryOf(job: TunableJob): Conv2dGeometry {
  if (job.op === "matmul") return matmulGeometry([job.m, job.k], [job.k, job.n]).conv;
  const { input, weight, stride, padding, groups } = job;
  return conv2dGeometry(input, weight, { stride, padding, groups });
}

/** Why a job takes the variant that it takes. */
export function explainJob(gpu: Gpu, job: TunableJob): Explanation {
  return explainConv2d(gpu, PASSES[job.pass], geometryOf(job));
}

/** One candidate's times. */
export interface TunedCandidate {
  readonly variant: string;
  readonly times: Times;
}

/** What a search found. */
export interface SearchResult {
  readonly key: string;
  readonly heuristic: string;
  /** The best row, if it beats the heuristic beyond doubt; null to leave it to the heuristic. */
  readonly row: TuningRow | null;
  /** Finalists, the fastest first. */
  readonly finalists: readonly TunedCandidate[];
  readonly tried: number;
  /** Candidates that computed something else, and what: never to be chosen. */
  readonly wrong: Readonly<Record<string, string>>;
}

/** Slower than this many times the best so far: out after one sample. */
const DROP = 1.5;
const FINALISTS = 4;
/** Least gain that is worth a row. */
const LEAST_GAIN = 1.05;

/** Milliseconds that count: of the CPU where it computes, else of the clock. */
function cost({ ms, cpuMs }: { readonly ms: number; readonly cpuMs: number }, software: boolean) {
  return software ? cpuMs : ms;
}

interface Entry {
  readonly gpu: Gpu;
  readonly contestant: OurContestant;
  readonly first: number;
}

function drop({ gpu, contestant }: Entry): void {
  contestant.dispose();
  gpu.destroy();
}

/** One candidate on a `Gpu` of its own; null if it is wrong, which is noted. */
async function enter(
  device: GPUDevice,
  job: TunableJob,
  operands: Operands,
  candidate: { readonly op: string; readonly text: string | null },
  wrong: Record<string, string>,
): Promise<Entry | null> {
  const { op, text } = candidate;
  const overrides = text === null ? {} : { [op]: text };
  const gpu = new Gpu(device, { tuning: null, overrides });
  try {
    const name = text ?? HEURISTIC;
    const { contestant } = await OurContestant.validated(name, gpu, job, operands);
    const samples = [await contestant.sample(1), await contestant.sample(1)];
    const software = gpu.adapter === "software";
    return { gpu, contestant, first: Math.min(...samples.map((s) => cost(s, software))) };
  } catch (error) {
    wrong[text ?? HEURISTIC] = error instanceof Error ? error.message : String(error);
    gpu.destroy();
    return null;
  }
}

const HEURISTIC = "heuristic";

/** Times of the heuristic's choice and a winner: whether the gain is beyond their spread. */
export function isBeyondDoubt(heuristic: Times, winner: Times, software: boolean): boolean {
  const clock = software ? "cpuMs" : "ms";
  const [slow, fast] = [heuristic[clock], winner[clock]];
  const spread = Math.max(slow.mad + fast.mad, 0.01 * fast.median);
  const isClear = slow.median - fast.median > 2 * spread && fast.max < slow.median;
  return isClear && slow.median / fast.median >= LEAST_GAIN;
}

/**
 * Searches the variants of a job: each candidate is compared with the float64 reference before it is
 * timed, slow ones are dropped after one sample, and the best few meet the heuristic's choice in
 * rounds.
 */
export async function search(
  device: GPUDevice,
  job: TunableJob,
  schedule: Schedule,
): Promise<SearchResult> {
  const plain = new Gpu(device, { tuning: null });
  const { key, op, kernels, candidates, variant } = explainJob(plain, job);
  const software = plain.adapter === "software";
  plain.destroy();
  const texts = candidates
    .filter((c) => c.impossible === null)
    .map((c) => formatVariant(c.variant));
  const heuristic = formatVariant(variant);
  const operands = operandsOf(job);
  const wrong: Record<string, string> = {};
  const base = await enter(device, job, operands, { op, text: null }, wrong);
  if (base === null) throw new Error(`${key}: ${wrong[HEURISTIC]}`);
  let entries: Entry[] = [];
  for (const text of texts) {
    if (text === heuristic) continue;
    const entry = await enter(device, job, operands, { op, text }, wrong);
    if (entry === null) continue;
    entries.push(entry);
    entries.sort((a, b) => a.first - b.first);
    const best = Math.min(base.first, entries[0]?.first ?? base.first);
    const stays = ({ first }: Entry, at: number) => at < FINALISTS && first <= DROP * best;
    entries.filter((e, at) => !stays(e, at)).forEach(drop);
    entries = entries.filter(stays);
  }
  const clock = software ? "cpuMs" : "ms";
  const race = async (runners: readonly Entry[]): Promise<TunedCandidate[]> => {
    const contestants = runners.map(({ contestant }) => contestant);
    const measured = [...(await interleave(contestants, schedule))].flatMap(([name, times]) => {
      if (!("failure" in times)) return [{ variant: name, times }];
      wrong[name] = times.failure;
      return [];
    });
    return measured.sort((a, b) => a.times[clock].median - b.times[clock].median);
  };
  const finalists = await race([base, ...entries]);
  const winner = entries.find(({ contestant }) => contestant.name === finalists[0]?.variant);
  const gains = [gainOf(finalists, software)];
  // The best of many is lucky: it has to win again, against the heuristic alone.
  if (winner !== undefined && gains[0] !== null) {
    gains.push(gainOf(await race([base, winner]), software));
  }
  [base, ...entries].forEach(drop);
  const found = { key, heuristic, finalists, tried: texts.length, wrong };
  const [first, second] = gains;
  if (winner === undefined || first == null || second == null) return { ...found, row: null };
  const gain = Number(Math.min(first, second).toFixed(3));
  return { ...found, row: { variant: winner.contestant.name, kernels, gain } };
}

/** How many times as fast as the heuristic's choice the first is; null if that is in doubt. */
function gainOf(ranked: readonly TunedCandidate[], software: boolean): number | null {
  const [winner] = ranked;
  const own = ranked.find(({ variant }) => variant === HEURISTIC);
  if (winner === undefined || own === undefined || winner === own) return null;
  if (!isBeyondDoubt(own.times, winner.times, software)) return null;
  const clock = software ? "cpuMs" : "ms";
  return own.times[clock].median / winner.times[clock].median;
}
