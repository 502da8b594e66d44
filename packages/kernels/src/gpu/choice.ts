import type { Gpu } from "./gpu.ts";
import { formatVariant, parseVariant, type TunedRow, type Variant } from "./tuning.ts";

/** Something that has variants: which there are at a shape, and which is chosen without measuring. */
export interface Choosable {
  /** Operation and shape, as rows of a tuning table are called; made only where it is asked for. */
  readonly key: () => string;
  /** Operation, as overrides are called. */
  readonly op: string;
  /** What the kernels are made of, for rows measured with others to be left aside. */
  readonly kernels: () => string;
  /** Why a variant cannot be used at this shape; null if it can. */
  readonly impossible: (variant: Variant) => string | null;
  readonly heuristic: () => Variant;
}

/** What was chosen, and by what. */
export interface Decision {
  readonly variant: Variant;
  readonly by: "override" | "tuning" | "heuristic";
  /** In words. */
  readonly why: string;
}

/**
 * Chooses: what the caller forced, if it can be used here; else what was measured to be fastest;
 * else what the heuristic says.
 */
export function choose(gpu: Gpu, choosable: Choosable): Variant {
  const forced = gpu.overrides[choosable.op];
  if (forced === undefined && gpu.tuning.isEmpty) return choosable.heuristic();
  return decide(gpu, choosable).variant;
}

/** As {@link choose}, with the reason. */
export function decide(gpu: Gpu, choosable: Choosable): Decision {
  const { op, key, impossible, kernels, heuristic } = choosable;
  const forced = gpu.overrides[op];
  const refused: string[] = [];
  if (forced !== undefined) {
    const variant = parseVariant(forced);
    const why = variant === null ? "it is no variant" : impossible(variant);
    if (variant !== null && why === null) {
      return { variant, by: "override", why: `${op} is overridden: ${forced}` };
    }
    refused.push(`the override ${forced} does not apply: ${why}`);
  }
  const row = gpu.tuning.isEmpty ? undefined : gpu.tuning.find(key(), kernels());
  const tuned = row === undefined ? null : usable(row, impossible);
  // An override that does not apply still says that measurements are not wanted.
  if (row !== undefined && tuned !== null && forced === undefined) {
    const { table, level, gain } = row;
    const why = `the ${table} table has it for this ${level}: ${gain.toFixed(2)} times as fast`;
    return { variant: tuned, by: "tuning", why };
  }
  const variant = heuristic();
  const reasons = [...refused, `the ${gpu.family} family's heuristic: ${formatVariant(variant)}`];
  return { variant, by: "heuristic", why: reasons.join("; ") };
}

function usable(row: TunedRow, impossible: Choosable["impossible"]): Variant | null {
  const variant = parseVariant(row.variant);
  return variant !== null && impossible(variant) === null ? variant : null;
}
