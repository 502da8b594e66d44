import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import {
  kernelCase,
  kernelReport,
  modelCase,
  modelReport,
  timeline,
} from "./report/test-reports.ts";
import { ReportCommands } from "./report-commands.ts";
import { modelScheduleOf } from "./report-program.ts";

const folder = mkdtempSync(join(tmpdir(), "bench-report-"));
const commands = new ReportCommands({ startUpWorker: "", page: "" });
const log = vi.spyOn(console, "log").mockImplementation(() => undefined);

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  log.mockClear();
  process.exitCode = 0;
});

function file(name: string, value?: unknown): string {
  const path = join(folder, name);
  if (value !== undefined) writeFileSync(path, JSON.stringify(value));
  return path;
}

const STEP = timeline("forward/a/conv", "forward/b/conv");
const models = file("models.json", modelReport([modelCase("net", STEP)]));
const fast = file("fast.json", kernelReport([kernelCase("x", { tiled: [10] })]));
const slow = file("slow.json", kernelReport([kernelCase("x", { tiled: [20] })]));

test("a report becomes a page, a trace, or text", async () => {
  const [html, trace] = [file("m.html"), file("m.trace.json")];
  await commands.report([models], { html, trace });
  expect(readFileSync(html, "utf8")).toContain("<title>Time of net</title>");
  expect(JSON.parse(readFileSync(trace, "utf8")).traceEvents).not.toHaveLength(0);
  expect(log).not.toHaveBeenCalled();
  await commands.report([models], {});
  expect(log.mock.calls[0]?.[0]).toContain("net: 8.00 GFLOP, result 0badcafe");
});

test("two reports are compared, and a regression is an exit code", async () => {
  const html = file("two.html");
  await commands.report([slow, fast], {});
  expect(process.exitCode).toBe(0);
  await commands.report([fast, slow], { html });
  expect(process.exitCode).toBe(1);
  expect(log.mock.calls[1]?.[0]).toContain("▲ SLOWER");
  expect(readFileSync(html, "utf8")).toContain("<h2>What changed</h2>");
});

test("what cannot be done is said", async () => {
  const refused = (files: string[], options = {}) =>
    expect(commands.report(files, options)).rejects;
  await refused([fast], {}).toThrow(
    "report: nothing to do with a report of fauxgrad-bench-kernels/1\n" +
      "Pass --html FILE, or a second report to compare it with.",
  );
  await refused([fast], { trace: file("t.json") }).toThrow(
    "fauxgrad-bench-kernels/1 has no dispatches\nOnly `bench models --json` writes them.",
  );
  await refused([fast, models], {}).toThrow("two reports of different benches");
  await refused([join(folder, "none.json")], {}).toThrow("none.json: ENOENT");
  await refused([file("other.json", {})], {}).toThrow("other.json: not a report of this bench");
  await refused([models], { html: join(folder, "no/m.html") }).toThrow("there is no folder");
  const options = { startUp: false, quick: false, all: false, list: false, unsafe: false };
  await expect(commands.models({ ...options, filter: /nothing/iu })).rejects.toThrow(
    "no case matches /nothing/iu\n--list prints the names.",
  );
  await commands.models({ ...options, list: true, filter: /^T-GD transfer/iu });
  expect(log.mock.calls).toEqual([["T-GD transfer step 2×128²"], ["T-GD transfer step 16×128²"]]);
});

test("a quick run takes fewer samples, unless told", () => {
  expect(modelScheduleOf({ quick: false }).rounds).toBe(7);
  expect(modelScheduleOf({ quick: true }).rounds).toBe(3);
  expect(modelScheduleOf({ quick: true, repeats: 9 }).rounds).toBe(9);
});
