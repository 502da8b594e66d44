// Plan: what a file may hold, and the words for what it may not; which rows concern an adapter, and
// which of several wins; and that a choice follows override, row, heuristic, in this order.
import { expect, test } from "vitest";
import { type Choosable, choose, decide } from "./choice.ts";
import type { Gpu } from "./gpu.ts";
import {
  formatVariant,
  kernelHash,
  parseTuning,
  parseVariant,
  TUNING_SCHEMA,
  type TunedAdapter,
  Tuning,
  type TuningDatabase,
  tuningLevel,
} from "./tuning.ts";

const ADAPTER: TunedAdapter = {
  vendor: "mesa",
  architecture: "software",
  device: "llvmpipe",
  description: "llvmpipe 25",
  subgroupSize: 8,
};

function table(variant: string, change: Partial<TunedAdapter> = {}, kernels = "k1") {
  const adapters = [
    { adapter: { ...ADAPTER, ...change }, rows: { key: { variant, kernels, gain: 2 } } },
  ];
  const database: TuningDatabase = { schema: TUNING_SCHEMA, adapters };
  return database;
}

const CHOOSABLE: Choosable = {
  op: "conv2d",
  key: () => "key",
  kernels: () => "k1",
  impossible: ({ name }) => (name === "winograd" ? "it is for 3×3" : null),
  heuristic: () => ({ name: "registers", parameters: {} }),
};

function gpu(tables: Record<string, TuningDatabase>, overrides: Record<string, string> = {}): Gpu {
  const tuning = new Tuning(ADAPTER, tables);
  return { tuning, overrides, family: "registers" } as unknown as Gpu;
}

test("variants are read as they are written", () => {
  for (const text of ["winograd", "registers:TM8:TN2", "strips:TW4:STRIP28"]) {
    const variant = parseVariant(text);
    expect(variant === null ? null : formatVariant(variant)).toBe(text);
  }
  expect(parseVariant("registers:TM8")).toEqual({ name: "registers", parameters: { TM: 8 } });
  for (const text of ["", "Registers", "registers:8", "registers:TM", "a b", "a:tm8"]) {
    expect(parseVariant(text), text).toBeNull();
  }
});

test("adapters are near by device, architecture and vendor; never across subgroup sizes", () => {
  const level = (change: Partial<TunedAdapter>) => tuningLevel({ ...ADAPTER, ...change }, ADAPTER);
  expect(level({})).toBe("adapter");
  expect(level({ description: "llvmpipe 26" })).toBe("device");
  expect(level({ device: "other" })).toBe("architecture");
  expect(level({ architecture: "other" })).toBe("vendor");
  expect(level({ vendor: "other" })).toBeNull();
  expect(level({ subgroupSize: 32 })).toBeNull();
  const nameless = { ...ADAPTER, vendor: "" };
  expect(tuningLevel(nameless, nameless)).toBeNull();
});

test("an earlier table wins, and within one the nearer adapter", () => {
  const far = table("tiled", { device: "other" });
  const near = table("registers:TM4");
  const both = { schema: TUNING_SCHEMA, adapters: [...far.adapters, ...near.adapters] } as const;
  const found = (tables: Record<string, TuningDatabase>) =>
    new Tuning(ADAPTER, tables).find("key", "k1");
  expect(found({ user: both })).toMatchObject({ variant: "registers:TM4", level: "adapter" });
  expect(found({ user: far, system: near })).toMatchObject({ variant: "tiled", table: "user" });
  expect(found({ user: table("tiled", {}, "k0"), system: near })?.table).toBe("system");
  expect(new Tuning(ADAPTER, { user: near }).find("key", "k2")).toBeUndefined();
  expect(new Tuning(ADAPTER, { user: near }).find("other", "k1")).toBeUndefined();
  expect(new Tuning(ADAPTER, {}).isEmpty).toBe(true);
});

test("an override wins, then a row, then the heuristic; what cannot be used is passed over", () => {
  const row = { user: table("tiled:SIDE64") };
  expect(formatVariant(choose(gpu(row), CHOOSABLE))).toBe("tiled:SIDE64");
  expect(decide(gpu(row), CHOOSABLE)).toMatchObject({
    by: "tuning",
    why: "the user table has it for this adapter: 2.00 times as fast",
  });
  expect(decide(gpu(row, { conv2d: "registers:TM4" }), CHOOSABLE)).toMatchObject({
    variant: { name: "registers", parameters: { TM: 4 } },
    by: "override",
    why: "conv2d is overridden: registers:TM4",
  });
  expect(decide(gpu(row, { conv2d: "winograd" }), CHOOSABLE)).toMatchObject({
    by: "heuristic",
    why:
      "the override winograd does not apply: it is for 3×3; " +
      "the registers family's heuristic: registers",
  });
  expect(decide(gpu({ user: table("winograd") }), CHOOSABLE).by).toBe("heuristic");
  expect(decide(gpu({}), CHOOSABLE).by).toBe("heuristic");
  expect(choose(gpu({}), CHOOSABLE).name).toBe("registers");
});

test("tables that are none, or of another version, are refused in words", () => {
  const good = table("tiled");
  expect(parseTuning(JSON.parse(JSON.stringify(good)), "a.json")).toEqual(good);
  const refusal = (found: string) =>
    `tuning: a.json is not a tuning table of this version\n  found   ${found}\n` +
    '  wanted  schema "fauxgrad-tuning/1"\nMake a new one with `bench tune`, or remove it.';
  const cases: [unknown, string][] = [
    [null, "no object"],
    [{ schema: "fauxgrad-tuning/0", adapters: [] }, 'schema "fauxgrad-tuning/0"'],
    [{ schema: TUNING_SCHEMA }, "no list of adapters"],
    [{ schema: TUNING_SCHEMA, adapters: [{ adapter: {}, rows: {} }] }, "adapters[0].adapter"],
    [{ schema: TUNING_SCHEMA, adapters: [{ adapter: ADAPTER }] }, "adapters[0].rows"],
    [table("Not One"), 'adapters[0].rows["key"]'],
  ];
  for (const [value, found] of cases) {
    expect(() => parseTuning(value, "a.json"), found).toThrow(refusal(found));
  }
});

test("a hash tells kernels apart", () => {
  expect(kernelHash(["a", "b"])).toMatch(/^[0-9a-f]{8}$/);
  expect(kernelHash(["a", "b"])).not.toBe(kernelHash(["a", "c"]));
  // FNV-1a's published value for "a".
  expect(kernelHash(["a"])).toBe("e40c292c");
});
