import { openDevice } from "../../../tools/adapter/open-device.ts";
import { UsageError } from "./command-files.ts";
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
  /** Whether to ask for subgroup matrices. */
  readonly matrices: boolean;
}

/**
 * Opens the device and starts the peers, then measures; Ctrl-C stops behind the case that runs.
 *
 * @throws {UsageError} if subgroup matrices were asked for and the adapter has none
 */
export async function benchKernels(bench: KernelBench): Promise<KernelReport> {
  const { unsafe, matrices: isAsked, ...rest } = bench;
  const { device, info, matrices, close } = await openDevice({ unsafe, matrices: isAsked });
  if (isAsked && matrices.length === 0) {
    throw new UsageError(
      `--matrices: ${info.description || info.device} has no subgroup matrices\n` +
        "Leave the option out, or choose another adapter with FAUXGRAD_ADAPTER.",
    );
  }
  const peers = bench.peers === null ? Peers.none() : await Peers.open(bench.peers, bench.log);
  using interrupt = onInterrupt(bench.log, () => peers.stop());
  try {
    const environment = (gpu: Parameters<KernelRun["environmentOf"]>[0]) =>
      environmentOf(info, gpu, unsafe);
    const { signal } = interrupt;
    return await runKernels(device, {
      ...rest,
      matrices,
      peers,
      environmentOf: environment,
      signal,
    });
  } finally {
    peers.stop();
    close();
  }
}
