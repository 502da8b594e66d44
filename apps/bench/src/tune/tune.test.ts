// Plan: what counts as a gain; how results enter a table; what the environment may say; and one
// search on a device, whose row is then chosen and explained.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gpu, TUNING_SCHEMA, type TuningDatabase, tunedAdapter } from "@fauxgrad/kernels";
import { afterAll, expect, test } from "vitest";
import {
  KernelChoiceError,
  kernelOverrides,
  readTuning,
  tuningFile,
  writeTuning,
} from "../../../../tools/adapter/kernel-choice.ts";
import { openDevice } from "../../../../tools/adapter/open-device.ts";
import type { Times } from "../measure/rounds.ts";
import { withResult } from "./bench-tune.ts";
import { explainJob, isBeyondDoubt, search, type TunableJob } from "./search.ts";
import { explanationText } from "./text.ts";

const folder = mkdtempSync(join(tmpdir(), "bench-tune-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ADAPTER = {
  vendor: "v",
  architecture: "a",
  device: "d",
  description: "x",
  subgroupSize: 8,
};
const EMPTY: TuningDatabase = { schema: TUNING_SCHEMA, adapters: [] };

function times(median: number, mad: number, max: number): Times {
  const summary = { median, mad, max, min: median - mad, samples: 5 };
  return { ms: { ...summary, median: 1 }, cpuMs: summary, repeats: 1 };
}

test("a gain counts if it is beyond the spread of both", () => {
  expect(isBeyondDoubt(times(10, 0.1, 10.2), times(8, 0.1, 8.2), true)).toBe(true);
  expect(isBeyondDoubt(times(10, 1, 12), times(8, 1, 9), true)).toBe(false);
  expect(isBeyondDoubt(times(10, 0.1, 10.2), times(8, 0.1, 10.5), true)).toBe(false);
  expect(isBeyondDoubt(times(10, 0, 10), times(9.7, 0, 9.7), true)).toBe(false);
  expect(isBeyondDoubt(times(10, 0.1, 10.2), times(8, 0.1, 8.2), false)).toBe(false);
});

test("a result enters the table of its adapter, and one that no longer wins leaves it", () => {
  const row = { variant: "tiled", kernels: "k", gain: 1.5 };
  const other = withResult(EMPTY, { ...ADAPTER, device: "e" }, { key: "b", row });
  const two = withResult(withResult(other, ADAPTER, { key: "b", row }), ADAPTER, { key: "a", row });
  expect(two.adapters.map(({ adapter, rows }) => [adapter.device, Object.keys(rows)])).toEqual([
    ["e", ["b"]],
    ["d", ["a", "b"]],
  ]);
  const one = withResult(two, ADAPTER, { key: "b", row: null });
  expect(Object.keys(one.adapters[1]?.rows ?? {})).toEqual(["a"]);
});

test("the table lies where the environment says, and a broken one is left aside in words", () => {
  expect(tuningFile({ FAUXGRAD_TUNING: "t.json", XDG_CACHE_HOME: "/c" })).toBe("t.json");
  expect(tuningFile({ XDG_CACHE_HOME: "/c" })).toBe(join("/c", "fauxgrad", "tuning.json"));
  const file = join(folder, "deeper", "tuning.json");
  const words: string[] = [];
  const warn = (message: string) => words.push(message);
  expect(readTuning(file, warn)).toBeUndefined();
  expect(words).toEqual([]);
  writeTuning(file, EMPTY);
  expect(readTuning(file, warn)).toEqual(EMPTY);
  writeFileSync(file, "{");
  expect(readTuning(file, warn)).toBeUndefined();
  writeFileSync(file, '{"schema": "another/1"}');
  expect(readTuning(file, warn)).toBeUndefined();
  expect(readTuning(folder, warn)).toBeUndefined();
  expect(words).toHaveLength(3);
  expect(words[1]).toContain('found   schema "another/1"');
  expect(words[1]).toContain("It is left aside.");
  expect(words[2]).toBe(`tuning: ${folder} cannot be read (EISDIR); it is left aside`);
});

test("overrides are read from the environment", () => {
  expect(kernelOverrides("conv2d=tiled, conv2dGradWeight=registers:TM4")).toEqual({
    conv2d: "tiled",
    conv2dGradWeight: "registers:TM4",
  });
  expect(kernelOverrides(" ")).toEqual({});
  expect(() => kernelOverrides("conv2d")).toThrow(KernelChoiceError);
  expect(() => kernelOverrides("conv2d=a=b")).toThrow(
    'FAUXGRAD_KERNEL: "conv2d=a=b" names no variant\n' +
      "Write operation=variant, several with commas between: conv2d=tiled.",
  );
  expect(() => kernelOverrides("conv2dGradInput=tiled")).toThrow(
    'FAUXGRAD_KERNEL: "conv2dGradInput" is no operation with variants\n' +
      "Choose one of conv2d, conv2dGradWeight, depthwise, depthwiseGradWeight; " +
      "conv2d is the data gradient's, too.",
  );
  expect(() => kernelOverrides("conv2d=Tiled")).toThrow(
    'FAUXGRAD_KERNEL: "Tiled" is no variant of conv2d\n' +
      "Write a name and perhaps parameters: registers:TM4. `bench tune --explain` lists them.",
  );
});

test("a search tries right candidates only, and its row is chosen", {
  timeout: 120_000,
}, async (context) => {
  context.skip(process.env["GPU"] === "off", "GPU=off");
  const { device, close } = await openDevice();
  const job: TunableJob = {
    op: "conv2d",
    pass: "forward",
    input: [1, 8, 8, 8],
    weight: [3, 3, 1, 8],
    stride: 1,
    padding: 1,
    groups: 8,
  };
  const found = await search(device, job, { rounds: 2, minSampleMs: 1, slowMs: 1000 });
  expect(found.wrong).toEqual({});
  expect(found.tried).toBeGreaterThan(5);
  expect(found.finalists.map(({ variant }) => variant)).toContain("heuristic");
  const plain = new Gpu(device, { tuning: null });
  const { kernels } = explainJob(plain, job);
  const row = { variant: "strips:TW2:STRIP4", kernels, gain: 1.5 };
  const tuning = withResult(EMPTY, tunedAdapter(device.adapterInfo), { key: found.key, row });
  const tuned = new Gpu(device, { tuning });
  const text = explanationText(explainJob(tuned, job));
  expect(text).toContain(
    "  chosen    strips:TW2:STRIP4, by tuning: " +
      "the user table has it for this adapter: 1.50 times as fast\n",
  );
  expect(text).toContain("  override  FAUXGRAD_KERNEL=depthwise=VARIANT");
  plain.destroy();
  tuned.destroy();
  close();
});
