/*
 * Which variant of an operation is used at which shape, where measurements say more than heuristics.
 * `bench tune` makes such tables; a `Gpu` is given them as data and looks its own adapter up. A
 * choice is a function of shape, adapter and table, and of nothing else: the same three give the
 * same bits, other tables may give others.
 */
import { UsageError } from "../errors.ts";

/** Version of the format: the number changes when a field changes its meaning. */
export const TUNING_SCHEMA = "fauxgrad-tuning/1";

/** What tells adapters apart. */
export interface TunedAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Of subgroups; 0 where unknown. */
  readonly subgroupSize: number;
}

/** The best variant at one shape. */
export interface TuningRow {
  /** As in {@link parseVariant}. */
  readonly variant: string;
  /** Hash of the kernels it was measured with; rows of other kernels are not used. */
  readonly kernels: string;
  /** Time of the heuristic's choice over this one's, when it was measured. */
  readonly gain: number;
}

/** Rows by operation and shape, of one adapter. */
export interface AdapterTuning {
  readonly adapter: TunedAdapter;
  readonly rows: Readonly<Record<string, TuningRow>>;
}

/** A table: plain data, as in its file. */
export interface TuningDatabase {
  readonly schema: typeof TUNING_SCHEMA;
  readonly adapters: readonly AdapterTuning[];
}

/** How near an adapter of a table is to the present one. */
export const TUNING_LEVELS = ["adapter", "device", "architecture", "vendor"] as const;

/** See {@link TUNING_LEVELS}. */
export type TuningLevel = (typeof TUNING_LEVELS)[number];

/** A row, and how it was found. */
export interface TunedRow extends TuningRow {
  readonly level: TuningLevel;
  /** Name of the table: `user`, `system`. */
  readonly table: string;
}

/** What the present adapter says of itself. */
export function tunedAdapter(info: GPUAdapterInfo | undefined): TunedAdapter {
  const { vendor = "", architecture = "", device = "", description = "" } = info ?? {};
  return { vendor, architecture, device, description, subgroupSize: info?.subgroupMinSize ?? 0 };
}

/** The nearest level at which two adapters agree; null for strangers. */
export function tuningLevel(row: TunedAdapter, present: TunedAdapter): TuningLevel | null {
  // Kernels are made for a width of subgroups: another is another machine.
  if (row.vendor === "" || row.vendor !== present.vendor) return null;
  if (row.subgroupSize !== present.subgroupSize) return null;
  if (row.architecture !== present.architecture) return "vendor";
  if (row.device !== present.device) return "architecture";
  return row.description === present.description ? "adapter" : "device";
}

/** The rows that concern one adapter, of several tables in order of precedence. */
export class Tuning {
  readonly #rows = new Map<string, TunedRow[]>();

  /**
   * @param tables by name; an earlier table wins whatever the level, and a nearer level wins
   *   within a table
   */
  constructor(present: TunedAdapter, tables: Readonly<Record<string, TuningDatabase>>) {
    for (const [table, { adapters }] of Object.entries(tables)) {
      for (const level of TUNING_LEVELS) {
        const near = adapters.filter(({ adapter }) => tuningLevel(adapter, present) === level);
        for (const { rows } of near) {
          for (const [key, row] of Object.entries(rows)) {
            const known = this.#rows.get(key) ?? [];
            known.push({ ...row, level, table });
            this.#rows.set(key, known);
          }
        }
      }
    }
  }

  /** Whether there is nothing to look up. */
  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** The row for an operation's shape that was measured with these kernels. */
  find(key: string, kernels: string): TunedRow | undefined {
    return this.#rows.get(key)?.find((row) => row.kernels === kernels);
  }
}

/** A variant and its parameters: `registers:TM8:TN2`. */
export interface Variant {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
}

/** Reads `registers:TM8:TN2`; null for what is none. */
export function parseVariant(text: string): Variant | null {
  const [name = "", ...parts] = text.split(":");
  if (!/^[a-z][a-zA-Z]*$/.test(name)) return null;
  const parameters: Record<string, number> = {};
  for (const part of parts) {
    const [, parameter, value] = /^([A-Z]+)(\d+)$/.exec(part) ?? [];
    if (parameter === undefined || value === undefined) return null;
    parameters[parameter] = Number(value);
  }
  return { name, parameters };
}

/** Writes what {@link parseVariant} reads. */
export function formatVariant({ name, parameters }: Variant): string {
  const parts = Object.entries(parameters).map(([parameter, value]) => `${parameter}${value}`);
  return [name, ...parts].join(":");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAdapter(value: unknown): value is TunedAdapter {
  if (!isRecord(value)) return false;
  const words = ["vendor", "architecture", "device", "description"];
  return words.every((word) => typeof value[word] === "string") && isCount(value["subgroupSize"]);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}

function isRow(value: unknown): value is TuningRow {
  if (!isRecord(value)) return false;
  const { variant, kernels, gain } = value;
  const isVariant = typeof variant === "string" && parseVariant(variant) !== null;
  return isVariant && typeof kernels === "string" && typeof gain === "number" && gain > 0;
}

/**
 * Checks what came from a file.
 *
 * @param source names the file, for the message
 * @throws {UsageError} saying what is not as {@link TuningDatabase} has it
 */
export function parseTuning(value: unknown, source: string): TuningDatabase {
  const refuse = (what: string): never => {
    throw new UsageError(
      `tuning: ${source} is not a tuning table of this version\n  found   ${what}\n` +
        `  wanted  schema "${TUNING_SCHEMA}"\nMake a new one with \`bench tune\`, or remove it.`,
    );
  };
  if (!isRecord(value)) return refuse("no object");
  const { schema, adapters } = value;
  if (schema !== TUNING_SCHEMA) return refuse(`schema ${JSON.stringify(schema)}`);
  if (!Array.isArray(adapters)) return refuse("no list of adapters");
  for (const [at, entry] of adapters.entries()) {
    if (!isRecord(entry) || !isAdapter(entry["adapter"])) return refuse(`adapters[${at}].adapter`);
    const rows = entry["rows"];
    if (!isRecord(rows)) return refuse(`adapters[${at}].rows`);
    const wrong = Object.entries(rows).find(([, row]) => !isRow(row));
    if (wrong !== undefined) refuse(`adapters[${at}].rows[${JSON.stringify(wrong[0])}]`);
  }
  return { schema: TUNING_SCHEMA, adapters: adapters as AdapterTuning[] };
}

/** FNV-1a of texts, in eight hexadecimal digits: which kernels a row was measured with. */
export function kernelHash(texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
