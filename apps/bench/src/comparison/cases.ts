import { CASES } from "../cases.ts";
import { isHalf } from "../jobs.ts";
import { DISCRIMINATOR_CASES, NETWORK_CASES } from "../networks/network-job.ts";
import type { PeerJob } from "../peers/protocol.ts";

/** One line of the comparison. */
export interface ComparisonCase {
  readonly name: string;
  readonly job: PeerJob;
  /** For a GPU: measured only where it is asked for. */
  readonly large?: boolean;
  /** The peers that take part; default: all. */
  readonly peers?: readonly string[];
}

/** Whole networks first, then every convolution and product of `bench kernels` in f32. */
export const COMPARISON_CASES: readonly ComparisonCase[] = [
  ...NETWORK_CASES,
  ...DISCRIMINATOR_CASES,
  ...CASES.filter(({ job }) => (job.op === "conv2d" || job.op === "matmul") && !isHalf(job)),
];
