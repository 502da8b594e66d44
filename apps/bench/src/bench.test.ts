import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { KernelReport } from "./report/report.ts";

const BIN = fileURLToPath(new URL("../bin/bench.mjs", import.meta.url));
const { GPU } = process.env;
const folder = mkdtempSync(join(tmpdir(), "bench-"));

afterAll(() => rmSync(folder, { recursive: true }));

function bench(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test("a case is measured, reported, and printed as a table", async ({ skip }) => {
  skip(GPU === "off", "GPU=off");
  const file = join(folder, "out.json");
  const options = ["--quick", "--no-peers", "--repeats", "1"];
  const run = await bench("kernels", ...options, "--filter", "depthwise.*forward", "--json", file);
  expect(run.stderr).not.toContain("Error");
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/^Device {4}\S/m);
  expect(run.stdout).toContain("[1/1] EfficientNet-B0 depthwise 3×3 144→144 @56 forward");

  const report = JSON.parse(readFileSync(file, "utf8")) as KernelReport;
  expect(report.schema).toBe("fauxgrad-bench-kernels/1");
  expect(report.wrong).toEqual([]);
  expect(report.ceilings.cpu.copyGBs).toBeGreaterThan(0);
  expect(report.encoding.map(({ bindGroups, buffers }) => [bindGroups, buffers])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const [entry] = report.cases;
  expect(entry?.results.map(({ contestant }) => contestant)).toEqual(["registers", "tiled"]);
  expect(entry?.results.every(({ ms, gflops }) => ms.median > 0 && gflops > 0)).toBe(true);

  const table = await bench("table", file);
  expect(table.code).toBe(0);
  expect(table.stdout).toContain("| EfficientNet-B0 depthwise 3×3 144→144 @56 forward |");
});

test("a case in f16 is measured beside the same in f32", async ({ skip }) => {
  skip(GPU === "off", "GPU=off");
  const file = join(folder, "half.json");
  const options = ["--no-peers", "--repeats", "1", "--filter", "^f16 .*depthwise 5×5"];
  const run = await bench("kernels", ...options, "--json", file);
  expect(run.code).toBe(0);
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as KernelReport;
  expect(cases.map(({ name }) => name)).toEqual([
    "f16 EfficientNet-B0 depthwise 5×5/2 144→144 @56 forward",
  ]);
  const [entry] = cases;
  expect(entry?.without).toEqual({});
  expect(entry?.results.map(({ contestant }) => contestant)).toEqual(["registers", "tiled", "f32"]);
  expect(entry?.ratios["f32"]?.cpu).toBeGreaterThan(0);
  const [half, , full] = entry?.results ?? [];
  expect((half?.gbs ?? 0) * (half?.ms.median ?? 0)).toBeCloseTo(
    ((full?.gbs ?? 0) * (full?.ms.median ?? 0)) / 2,
  );
  const table = await bench("table", file);
  expect(table.stdout).toContain("| case | GFLOP | registers, ms | tiled, ms | f32, ms |");
});

/** Presses Ctrl-C behind the first case that `bench kernels` tells of; resolves with the exit code. */
function interrupted(times: number, file: string): Promise<{ code: number | null; said: string }> {
  const options = ["--quick", "--no-peers", "--repeats", "1", "--filter", "ReLU|depthwise"];
  const child = spawn(process.execPath, [BIN, "kernels", ...options, "--json", file], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  let pressed = 0;
  const press = () => {
    child.kill("SIGINT");
    pressed += 1;
  };
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (pressed === 0 && said.includes("[1/")) press();
    else if (pressed === 1 && times === 2 && said.includes("Stopping")) press();
  });
  return new Promise((resolve) => {
    child.on("exit", (code) => resolve({ code, said }));
  });
}

test.for([1, 2])("Ctrl-C, %d times, leaves a whole report", async (times, { skip }) => {
  skip(GPU === "off", "GPU=off");
  const file = join(folder, `interrupted-${times}.json`);
  const { code, said } = await interrupted(times, file);
  expect(code).toBe(130);
  expect(said).toContain("Stopping behind this case; once more to stop at once.");
  const [, count] = /\[1\/(\d+)\]/.exec(said) ?? [];
  const report = JSON.parse(readFileSync(file, "utf8")) as KernelReport;
  expect(report.cases.length).toBeGreaterThan(0);
  expect(report.cases.length).toBeLessThan(Number(count));
  expect(report.cases[0]?.results.length).toBeGreaterThan(0);
  expect(report.targets.length).toBeGreaterThan(0);
  // No draft of a report is left beside it.
  expect(readdirSync(folder).filter((name) => name.startsWith(`interrupted-${times}`))).toEqual([
    `interrupted-${times}.json`,
  ]);
});

test("help, lists and mistakes need no device", async () => {
  const help = await bench("--help");
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('npm run bench -- kernels --filter "ResNet-50 conv 3×3.*forward"');
  const list = await bench("kernels", "--list", "--filter", "global");
  expect(list.stdout).toBe(
    "ResNet-50 global average 2048 @7\nResNet-50 global average 2048 @7 backward\n",
  );
  const none = await bench("kernels", "--filter", "no such case");
  expect(none.code).toBe(1);
  expect(none.stderr).toBe("no case matches /no such case/iu\n--list prints the names.\n");
  const nowhere = await bench("kernels", "--json", "no/such/folder/out.json");
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toContain("--json no/such/folder/out.json: there is no folder");
  const other = join(folder, "other.json");
  writeFileSync(other, "{}");
  const wrong = await bench("table", other);
  expect(wrong.stderr).toContain("other.json: not a report of this bench");
});
