import type { Job } from "../jobs.ts";
import type { Ceilings } from "../measure/ceilings.ts";
import type { EncodingCost } from "../measure/encoding.ts";
import type { Times } from "../measure/rounds.ts";

/** What a report ran on. */
export interface Environment {
  /** The adapter's own words. */
  readonly device: string;
  readonly backend: string;
  /** The CPU computes: ratios between contestants count, absolute numbers do not. */
  readonly software: boolean;
  /** Version of Node; null in a browser. */
  readonly node: string | null;
  /** The browser's own words; null in Node. */
  readonly browser: string | null;
  /** Whether `cpuMs` is CPU time; where the host has no such clock it repeats the wall time. */
  readonly cpuClock: boolean;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** Checks that the device leaves out. */
  readonly unsafe: boolean;
  /** The variant that the library would choose on this device. */
  readonly defaultVariant: string;
  readonly packages: Readonly<Record<string, string>>;
}

/** One contestant at one case. */
export interface Result extends Times {
  readonly contestant: string;
  /** Milliseconds by the device's clock; null where there is none, or it is a peer. */
  readonly deviceMs: number | null;
  readonly gflops: number;
  readonly gbs: number;
  /**
   * Time that the ceilings allow at least, over the time taken: 1 is perfect. By CPU time on
   * software adapters, where the machine's other work would pass for slowness.
   */
  readonly ofCeiling: number;
  /** The ceiling that is meant: arithmetic or memory. */
  readonly ceiling: "fma" | "copy";
}

/** A peer over ours, by both clocks. */
export interface Ratio {
  readonly wall: number;
  readonly cpu: number;
}

/** One case. */
export interface CaseReport {
  readonly name: string;
  readonly job: Job;
  readonly flops: number;
  readonly bytes: number;
  readonly results: readonly Result[];
  /** Contestants without a time, and why: unsupported, wrong or broken. */
  readonly without: Readonly<Record<string, string>>;
  /**
   * Median time of each peer over that of our default variant: above 1, ours is faster. In f16, of
   * `f32` too: the same work of ours in f32.
   */
  readonly ratios: Readonly<Record<string, Ratio>>;
}

/** A goal and what became of it. */
export interface TargetReport {
  readonly name: string;
  readonly bound: "at least" | "at most";
  readonly target: number;
  /** Behind the number: `× tfjs`, `µs`. */
  readonly unit: string;
  /** Reached if it is so in all cases; ratios by wall time. */
  readonly verdict: "reached" | "missed" | "not measured";
  /** How what was not measured would be; null where it was. */
  readonly why: string | null;
  readonly cases: number;
  /** Cases within the bound. */
  readonly reached: number;
  /** The case that is furthest from the bound, or nearest to missing it; null where there is none. */
  readonly worst: number | null;
  readonly worstCase: string | null;
  /** Geometric mean over the cases. */
  readonly mean: number | null;
  /** The same by CPU time, of ratios. */
  readonly meanCpu: number | null;
}

/** What became of a peer. */
export interface PeerReport {
  readonly name: string;
  readonly packages: string | null;
  readonly adapter: string | null;
  /** Why it was not there. */
  readonly unavailable: string | null;
}

/** Everything that `bench kernels --json` writes; `docs/performance.md` describes it. */
export interface KernelReport {
  readonly schema: "fauxgrad-bench-kernels/1";
  readonly startedAt: string;
  readonly seconds: number;
  /** Arguments of the command. */
  readonly command: string;
  readonly environment: Environment;
  readonly ceilings: Ceilings;
  readonly peers: readonly PeerReport[];
  readonly encoding: readonly EncodingCost[];
  readonly cases: readonly CaseReport[];
  readonly targets: readonly TargetReport[];
  /** Kernels that were refused: `case: reason`. */
  readonly wrong: readonly string[];
}

/** Rates of one result. */
export function resultOf(
  contestant: string,
  times: Times,
  deviceMs: number | null,
  { flops, bytes }: { readonly flops: number; readonly bytes: number },
  { ceilings, software }: { readonly ceilings: Ceilings; readonly software: boolean },
): Result {
  const seconds = times.ms.median / 1000;
  const rates = software ? ceilings.cpu : ceilings.wall;
  const taken = (software ? times.cpuMs.median : times.ms.median) / 1000;
  const arithmetic = flops / (rates.fmaGFLOPs * 1e9);
  const memory = bytes / (rates.copyGBs * 1e9);
  return {
    contestant,
    ...times,
    deviceMs,
    gflops: flops / seconds / 1e9,
    gbs: bytes / seconds / 1e9,
    ofCeiling: Math.max(arithmetic, memory) / taken,
    ceiling: arithmetic >= memory ? "fma" : "copy",
  };
}

/** Ratios of the peers to `ours`. */
export function ratiosOf(
  results: readonly Pick<Result, "contestant" | "ms" | "cpuMs">[],
  ours: string,
  peers: readonly string[],
): Record<string, Ratio> {
  const own = results.find(({ contestant }) => contestant === ours);
  if (own === undefined) return {};
  const measured = results.filter(({ contestant }) => peers.includes(contestant));
  return Object.fromEntries(
    measured.map(({ contestant, ms, cpuMs }) => {
      const wall = ms.median / own.ms.median;
      return [contestant, { wall, cpu: cpuMs.median / own.cpuMs.median }];
    }),
  );
}
