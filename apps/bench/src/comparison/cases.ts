import { CASES } from "../cases.ts";
import { isDepthwise } from "../jobs.ts";
import { NETWORK_CASES } from "../networks/network-job.ts";
import type { PeerJob } from "../peers/protocol.ts";
import type { Target } from "../report/targets.ts";

/** One line of the comparison. */
export interface ComparisonCase {
  readonly name: string;
  readonly job: PeerJob;
}

/** Whole networks first, then every convolution and product of `bench kernels`. */
export const COMPARISON_CASES: readonly ComparisonCase[] = [
  ...NETWORK_CASES,
  ...CASES.filter(({ job }) => job.op === "conv2d" || job.op === "matmul"),
];

/** Peers by name. */
export type PeerName = "tfjs" | "ort" | "ort-cpu" | "ort-web" | "jax-js" | "torch";

/** Browsers' libraries, which compute with WebGPU as we do: the targets are against them. */
const WEBGPU_PEERS: readonly PeerName[] = ["tfjs", "ort", "ort-web", "jax-js"];

function networkTarget(
  peer: PeerName,
  network: string,
  pass: "inference" | "training",
  ratio: number,
): Target<PeerJob> {
  const batch = pass === "inference" ? "inference, batch 1" : "training step";
  return {
    name: `${network} ${batch}`,
    peer,
    ratio,
    includes: (job, name) =>
      job.op === "network" && job.pass === pass && job.batch === 1 && name.startsWith(network),
  };
}

function convTarget(name: string, pass: "gradWeight" | "gradInput", ratio: number) {
  return WEBGPU_PEERS.map(
    (peer): Target<PeerJob> => ({
      name,
      peer,
      ratio,
      includes: (job, title) =>
        job.op === "conv2d" && job.pass === pass && title.startsWith("ResNet-50 "),
    }),
  );
}

/** What must be reached on a software adapter: issue 5. */
export const COMPARISON_TARGETS: readonly Target<PeerJob>[] = [
  ...(["tfjs", "ort"] as const).flatMap((peer) => [
    networkTarget(peer, "ResNet-50", "inference", 4),
    networkTarget(peer, "EfficientNet-B0", "inference", 4),
  ]),
  networkTarget("tfjs", "ResNet-50", "training", 8),
  ...convTarget("conv weight gradient", "gradWeight", 12),
  ...convTarget("conv data gradient", "gradInput", 5),
  {
    name: "depthwise forward",
    peer: "tfjs",
    ratio: 5,
    includes: (job) => job.op === "conv2d" && job.pass === "forward" && isDepthwise(job),
  },
  ...WEBGPU_PEERS.map(
    (peer): Target<PeerJob> => ({
      name: "matmul 512³",
      peer,
      ratio: 5,
      includes: (job, name) =>
        job.op === "matmul" && job.pass === "forward" && name.startsWith("matmul 512³"),
    }),
  ),
];
