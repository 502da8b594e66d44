import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  expect(wrong.stderr).toContain("other.json: not a report of `bench kernels --json`");
});
