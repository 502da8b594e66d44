import type { Times } from "../measure/rounds.ts";
import type { PeerJob } from "../peers/protocol.ts";
import type { Environment, PeerReport, Ratio, TargetReport } from "../report/report.ts";

/** One contestant at one case. */
export interface ComparisonResult extends Times {
  readonly contestant: string;
  readonly gflops: number;
}

/** One case. */
export interface ComparisonCaseReport {
  readonly name: string;
  readonly job: PeerJob;
  readonly flops: number;
  readonly results: readonly ComparisonResult[];
  /** Contestants without a time, and why: unsupported, wrong or broken. */
  readonly without: Readonly<Record<string, string>>;
  /** Median time of each peer over ours: above 1, ours is faster. */
  readonly ratios: Readonly<Record<string, Ratio>>;
}

/** Everything that `bench peers --json` writes; `docs/performance.md` describes it. */
export interface ComparisonReport {
  readonly schema: "fauxgrad-bench-peers/1";
  readonly startedAt: string;
  readonly seconds: number;
  /** Arguments of the command. */
  readonly command: string;
  readonly environment: Environment;
  readonly peers: readonly PeerReport[];
  readonly cases: readonly ComparisonCaseReport[];
  readonly targets: readonly TargetReport[];
  /** What we computed wrong: `case: reason`. */
  readonly wrong: readonly string[];
}
