import type { Cost } from "./cost.ts";
import { type Summary, summarise } from "./statistics.ts";

/** Something that can be timed side by side with others. */
export interface Contestant {
  readonly name: string;
  /** Whether it has computed the job before, and needs no warm-up. */
  readonly isWarm?: boolean;
  /** Computes the job `repeats` times and waits for the last; the cost of all. */
  sample(repeats: number): Promise<Cost>;
  /** Throws unless what the last sample computed is right. */
  check(): Promise<void>;
}

/** How long and how often. */
export interface Schedule {
  /** Samples of each contestant. */
  readonly rounds: number;
  /** Repeat a job until a sample takes this long, so that the wait at its end is lost in it. */
  readonly minSampleMs: number;
  /** A job slower than this is sampled in {@link SLOW_ROUNDS} rounds only. */
  readonly slowMs: number;
  /** A job slower than this has one sample, its first behind the warm-up; default: none is. */
  readonly slowestMs?: number;
}

/** What a contestant took for one computation of the job, in milliseconds. */
export interface Times {
  readonly ms: Summary;
  readonly cpuMs: Summary;
  /** Computations in each sample. */
  readonly repeats: number;
}

/** Times, or why there are none. */
export type Timing = Times | { readonly failure: string };

const SLOW_ROUNDS = 2;
const MOST_REPEATS = 100_000;
/** Aim above the least time: the next sample may be faster. */
const MARGIN = 1.2;

interface Entry {
  readonly contestant: Contestant;
  repeats: number;
  /** Samples to take. */
  rounds: number;
  readonly samples: Cost[];
  failure: string | undefined;
}

/** Compiles by computing, then finds how many repeats fill a sample. */
async function calibrate({ contestant, samples }: Entry, schedule: Schedule) {
  const { minSampleMs, slowMs, slowestMs = Number.POSITIVE_INFINITY } = schedule;
  if (contestant.isWarm !== true) await contestant.sample(1);
  let repeats = 1;
  const first = await contestant.sample(repeats);
  let { ms } = first;
  if (ms > slowestMs) {
    samples.push(first);
    return { repeats, rounds: 0 };
  }
  const rounds = ms > slowMs ? Math.min(SLOW_ROUNDS, schedule.rounds) : schedule.rounds;
  while (ms < minSampleMs && repeats < MOST_REPEATS) {
    const wanted = Math.ceil((repeats * minSampleMs * MARGIN) / Math.max(ms, 0.01));
    // At most tenfold: the first short sample says little.
    repeats = Math.min(MOST_REPEATS, repeats * 10, Math.max(wanted, repeats + 1));
    ({ ms } = await contestant.sample(repeats));
  }
  return { repeats, rounds };
}

async function attempt(entry: Entry, work: () => Promise<void>): Promise<void> {
  if (entry.failure !== undefined) return;
  try {
    await work();
  } catch (error) {
    entry.failure = error instanceof Error ? error.message : String(error);
  }
}

/** The contestants, another one first in every round. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/**
 * Times contestants in rounds, one sample of each a round, so that whatever else the machine does
 * falls on all of them alike. Each is checked once more at the end: a time of something else than
 * the job is none. One that throws is out; the others go on.
 */
export async function interleave(
  contestants: readonly Contestant[],
  schedule: Schedule,
): Promise<Map<string, Timing>> {
  const entries: Entry[] = contestants.map((contestant) => {
    return { contestant, repeats: 1, rounds: 0, samples: [], failure: undefined };
  });
  for (const entry of entries) {
    await attempt(entry, async () => {
      Object.assign(entry, await calibrate(entry, schedule));
    });
  }
  for (let round = 0; round < schedule.rounds; round++) {
    for (const entry of rotated(entries, round)) {
      if (round >= entry.rounds) continue;
      await attempt(entry, async () => {
        entry.samples.push(await entry.contestant.sample(entry.repeats));
      });
    }
  }
  for (const entry of entries) await attempt(entry, () => entry.contestant.check());
  return new Map(entries.map((entry) => [entry.contestant.name, timingOf(entry)]));
}

function timingOf({ failure, samples, repeats }: Entry): Timing {
  if (failure !== undefined) return { failure };
  return {
    ms: summarise(samples.map(({ ms }) => ms / repeats)),
    cpuMs: summarise(samples.map(({ cpuMs }) => cpuMs / repeats)),
    repeats,
  };
}
