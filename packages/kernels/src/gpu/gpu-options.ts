import type { DeviceError, KernelError } from "../errors.ts";
import type { PoolStats } from "./buffer-pool.ts";
import type { SubgroupMatrixConfig } from "./matrices.ts";
import type { TuningDatabase } from "./tuning.ts";

/** A family of kernel variants: `registers` for software adapters, `tiled` for real GPUs. */
export type KernelFamily = "registers" | "tiled";

/** Options of a `Gpu`. */
export interface GpuOptions {
  /** Overrides the choice by adapter class. */
  readonly kernels?: KernelFamily;
  /** Variants by operation name that win over all else, e.g. `{ conv2d: "tiled" }`. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Measured choices that win over the shipped ones; null leaves those out, too. */
  readonly tuning?: TuningDatabase | null;
  /**
   * The adapter's `info.subgroupMatrixConfigs`: forward passes in f16 then go through subgroup
   * matrices, if the device was opened with `MATRIX_FEATURES`. Default: none.
   */
  readonly matrices?: readonly SubgroupMatrixConfig[];
  /** Refuse to hold more device memory than this, in bytes; default 8 GiB. */
  readonly maxBytes?: number;
  /** Keep at most this much of freed memory for reuse, in bytes; default 2 GiB. */
  readonly maxIdleBytes?: number;
  /** Sleep between polls while waiting; default: on software adapters. */
  readonly throttle?: boolean;
  /** Use immediates for scalar parameters; default: where the device has them. */
  readonly immediates?: boolean;
  /** Record where every array is made, for the leak report. */
  readonly trackArrays?: boolean;
  /** Receives what the device reports on its own: lost, out of memory, validation. */
  readonly onError?: (error: DeviceError | KernelError) => void;
}

/** Counters of a `Gpu`. */
export interface GpuStats extends PoolStats {
  readonly arrays: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly pipelines: number;
  readonly bindGroups: number;
  /** Captured steps that were not disposed. */
  readonly captures: number;
  /** Arrays whose last handle was collected without `dispose`. */
  readonly leaked: number;
}
