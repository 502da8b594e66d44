import type { TimedDispatch } from "./model-report.ts";

/** Time of a part, with what it consists of; the leaves are kernels. */
export interface Slice {
  readonly name: string;
  readonly ms: number;
  readonly dispatches: number;
  /** In the order of their first dispatch. */
  readonly parts: readonly Slice[];
}

interface Growing {
  ms: number;
  dispatches: number;
  readonly parts: Map<string, Growing>;
}

function empty(): Growing {
  return { ms: 0, dispatches: 0, parts: new Map() };
}

function finished(name: string, { ms, dispatches, parts }: Growing): Slice {
  return { name, ms, dispatches, parts: [...parts].map(([key, part]) => finished(key, part)) };
}

/** Where the time of a step goes: phase, parts of the network, kernel. */
export function breakdown(timeline: readonly TimedDispatch[]): Slice {
  const root = empty();
  for (const { part, kernel, ms } of timeline) {
    let at = root;
    at.ms += ms;
    at.dispatches += 1;
    for (const name of [...part, kernel]) {
      const below = at.parts.get(name) ?? empty();
      at.parts.set(name, below);
      below.ms += ms;
      below.dispatches += 1;
      at = below;
    }
  }
  return finished("step", root);
}

/** Time by kernel, the longest first. */
export function byKernelName(timeline: readonly TimedDispatch[]): Slice[] {
  const flat = timeline.map((row) => ({ ...row, part: [] }));
  return [...breakdown(flat).parts].sort((a, b) => b.ms - a.ms);
}
