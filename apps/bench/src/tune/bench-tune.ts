import {
  Gpu,
  type GpuOptions,
  TUNING_SCHEMA,
  type TunedAdapter,
  type TuningDatabase,
  type TuningRow,
  tunedAdapter,
} from "@fauxgrad/kernels";
import { openDevice } from "../../../../tools/adapter/open-device.ts";
import type { Case } from "../cases.ts";
import type { Schedule } from "../measure/rounds.ts";
import { explainJob, isTunable, type SearchResult, search } from "./search.ts";
import { explanationText, searchText } from "./text.ts";

/** What to tune, and what is known already. */
export interface TuneRun {
  readonly cases: readonly Case[];
  readonly schedule: Schedule;
  readonly known: TuningDatabase | undefined;
  /** Receives the table after every case: an interrupted search is not lost. */
  readonly save: (table: TuningDatabase) => void;
  readonly log: (text: string) => void;
}

function sameAdapter(a: TunedAdapter, b: TunedAdapter): boolean {
  const keys = ["vendor", "architecture", "device", "description", "subgroupSize"] as const;
  return keys.every((key) => a[key] === b[key]);
}

/** The table with one result more; a row that no longer wins is taken out. */
export function withResult(
  table: TuningDatabase,
  adapter: TunedAdapter,
  { key, row }: Pick<SearchResult, "key" | "row">,
): TuningDatabase {
  const others = table.adapters.filter((entry) => !sameAdapter(entry.adapter, adapter));
  const own = table.adapters.find((entry) => sameAdapter(entry.adapter, adapter));
  const rows: Record<string, TuningRow> = { ...own?.rows };
  delete rows[key];
  if (row !== null) rows[key] = row;
  const sorted = Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));
  const adapters = [...others, { adapter, rows: Object.fromEntries(sorted) }];
  return { schema: TUNING_SCHEMA, adapters };
}

/** Searches the variants of every case, and saves what wins. */
export async function benchTune({ cases, schedule, known, save, log }: TuneRun): Promise<void> {
  const { device, info, close } = await openDevice();
  try {
    const adapter = tunedAdapter(device.adapterInfo);
    log(`Device    ${info.description || info.device} (${info.backend})`);
    let table: TuningDatabase = known ?? { schema: TUNING_SCHEMA, adapters: [] };
    for (const [at, { name, job }] of cases.entries()) {
      if (!isTunable(job)) continue;
      const result = await search(device, job, schedule);
      table = withResult(table, adapter, result);
      save(table);
      log(`\n[${at + 1}/${cases.length}] ${name}\n${searchText(result)}`);
    }
  } finally {
    close();
  }
}

/** Says of every case what is chosen for it, why, and what else there would be. */
export async function explainCases(
  cases: readonly Case[],
  options: GpuOptions,
  log: (text: string) => void,
): Promise<void> {
  const { device, close } = await openDevice();
  try {
    const gpu = new Gpu(device, options);
    for (const { name, job } of cases) {
      if (isTunable(job)) log(`${name}\n${explanationText(explainJob(gpu, job))}`);
    }
  } finally {
    close();
  }
}
