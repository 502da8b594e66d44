import { openDevice } from "../../../tools/adapter/open-device.ts";
import { environmentOf } from "./environment.ts";
import { onInterrupt } from "./interrupt.ts";
import { type PeerPlaces, Peers } from "./peers/peers.ts";
import type { KernelReport } from "./report/report.ts";
import { type KernelRun, runKernels } from "./run-kernels.ts";

/** What `bench kernels` measures in Node. */
export interface KernelBench
  extends Pick<KernelRun, "cases" | "schedule" | "command" | "log" | "save"> {
  /** Null compares our variants only. */
  readonly peers: PeerPlaces | null;
  readonly unsafe: boolean;
}

/** Opens the device and starts the peers, then measures; Ctrl-C stops behind the case that runs. */
export async function benchKernels(bench: KernelBench): Promise<KernelReport> {
  const { unsafe, ...rest } = bench;
  const { device, info, close } = await openDevice({ unsafe });
  const peers = bench.peers === null ? Peers.none() : await Peers.open(bench.peers, bench.log);
  using interrupt = onInterrupt(bench.log, () => peers.stop());
  try {
    const environment = (gpu: Parameters<KernelRun["environmentOf"]>[0]) =>
      environmentOf(info, gpu, unsafe);
    const { signal } = interrupt;
    return await runKernels(device, { ...rest, peers, environmentOf: environment, signal });
  } finally {
    peers.stop();
    close();
  }
}
