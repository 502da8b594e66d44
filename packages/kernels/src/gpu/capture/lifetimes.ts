import type { Storage } from "../gpu-array.ts";
import { aligned, type PlannedArray } from "./plan-memory.ts";
import { accessesOf, type Recording } from "./recording.ts";

/** The arrays of a recording that end with it, as the planner wants them. */
export interface Temporaries {
  readonly storages: readonly Storage[];
  readonly arrays: readonly PlannedArray[];
}

interface Span {
  first: number;
  last: number;
  readonly conflicts: Set<number>;
}

/** Lifetimes and conflicts of the arrays that were made inside and that nobody holds any more. */
export function temporariesOf({ commands, made }: Recording): Temporaries {
  const storages: Storage[] = [];
  const spans = new Map<Storage, { index: number; span: Span }>();
  const use = (storage: Storage, at: number) => {
    if (!made.has(storage) || storage.references > 0) return undefined;
    let entry = spans.get(storage);
    if (entry === undefined) {
      entry = { index: storages.length, span: { first: at, last: at, conflicts: new Set() } };
      spans.set(storage, entry);
      storages.push(storage);
    }
    entry.span.last = at;
    return entry;
  };
  commands.forEach((command, at) => {
    const { reads, writes } = accessesOf(command);
    const read = reads.map((storage) => use(storage, at));
    for (const storage of writes) {
      const writer = use(storage, at);
      if (writer === undefined) continue;
      for (const reader of read) {
        if (reader === undefined) continue;
        writer.span.conflicts.add(reader.index);
        reader.span.conflicts.add(writer.index);
      }
    }
  });
  const arrays = storages.map((storage): PlannedArray => {
    const { span } = spans.get(storage) as { span: Span };
    return { ...span, bytes: aligned(storage.pooled.bytes) };
  });
  return { storages, arrays };
}
