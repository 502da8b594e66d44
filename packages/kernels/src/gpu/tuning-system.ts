import type { GpuOptions } from "./gpu-options.ts";
import { systemTuning } from "./system-table.ts";
import { Tuning, type TuningDatabase, tunedAdapter } from "./tuning.ts";

/**
 * The tables of a `Gpu`: the user's before the shipped one. Whoever asks for a family of kernels
 * gets that family as it is, without the shipped table.
 */
export function tuningOf(
  info: GPUAdapterInfo | undefined,
  { tuning, kernels }: Pick<GpuOptions, "tuning" | "kernels">,
): Tuning {
  const tables: Record<string, TuningDatabase> = {};
  if (tuning != null) tables["user"] = tuning;
  if (tuning !== null && kernels === undefined) tables["system"] = systemTuning;
  return new Tuning(tunedAdapter(info), tables);
}
