import { expect, test } from "vitest";
import { asReport } from "./any-report.ts";
import { compareReports, thresholdOf } from "./compare.ts";
import { comparisonText } from "./comparison-text.ts";
import { ENVIRONMENT, kernelCase, kernelReport, modelCase, modelReport } from "./test-reports.ts";

const summary = (median: number, mad: number) => ({ median, mad, min: 0, max: 0, samples: 5 });

test("what counts is three deviations of both runs, and 5 %", () => {
  expect(thresholdOf(summary(100, 0), summary(100, 0))).toBe(0.05);
  expect(thresholdOf(summary(100, 3), summary(100, 4))).toBeCloseTo((3 * 1.4826 * 5) / 100, 12);
});

test("a change beyond the spread is a regression or a gain, one within it is neither", () => {
  const before = kernelReport([
    kernelCase("a", { tiled: [10, 10, 10] }),
    kernelCase("b", { tiled: [10, 10, 10] }),
    kernelCase("noisy", { tiled: [8, 10, 12] }),
    kernelCase("gone", { tiled: [1] }),
  ]);
  const after = kernelReport([
    kernelCase("a", { tiled: [11, 11, 11] }),
    kernelCase("b", { tiled: [9, 9, 9] }),
    kernelCase("noisy", { tiled: [11, 13, 15] }),
    kernelCase("new", { tiled: [1] }),
  ]);
  const { changes, gone, added, clock, warnings } = compareReports(before, after);
  expect(changes.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["noisy · tiled", "same"],
    ["a · tiled", "slower"],
    ["b · tiled", "faster"],
  ]);
  expect([gone, added]).toEqual([["gone · tiled"], ["new · tiled"]]);
  expect([clock, warnings]).toEqual(["wall", []]);
  const lines = comparisonText(compareReports(before, after)).split("\n");
  expect(lines[2]).toMatch(/^a · tiled +10\.0 → 11\.0 ms +× 1\.10 +\(± 5\.00 %\) +▲ SLOWER$/);
});

test("software adapters are compared by CPU time, and other machines are pointed out", () => {
  const software = { ...ENVIRONMENT, software: true };
  const before = { ...modelReport([modelCase("net", [])]), environment: software };
  const slower = { ...modelCase("net", []), cpuMs: summary(75, 0), checksum: "deadbeef" };
  const after = {
    ...modelReport([slower]),
    environment: { ...software, device: "another" },
  };
  const { changes, clock, warnings } = compareReports(before, after);
  expect(clock).toBe("CPU");
  expect(changes).toMatchObject([{ ratio: 1.5, verdict: "slower", changedResult: true }]);
  expect(warnings).toEqual(["device was a device <&>, is another"]);
});

test("reports of different benches, and what is no report, are refused", () => {
  expect(() => compareReports(kernelReport([]), modelReport([]))).toThrow(
    "report: two reports of different benches cannot be compared\n" +
      "  before  fauxgrad-bench-kernels/1\n  after   fauxgrad-bench-models/1\n" +
      "Pass two runs of one command.",
  );
  expect(() => asReport({ schema: "x" }, "a.json")).toThrow(
    'a.json: not a report of this bench\n  schema  "x"\n  known   fauxgrad-bench-kernels/1',
  );
  expect(() => asReport(null, "a.json")).toThrow("schema  none");
  expect(asReport(modelReport([]), "a.json").schema).toBe("fauxgrad-bench-models/1");
});
