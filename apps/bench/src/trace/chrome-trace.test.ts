import { expect, test } from "vitest";
import { modelCase, modelReport, timeline } from "../report/test-reports.ts";
import { chromeTrace } from "./chrome-trace.ts";

test("kernels lie in the spans of their parts, which nest", () => {
  const step = timeline("forward/a/conv", "forward/a/norm", "forward/b/conv", "optimiser/sgd");
  const { traceEvents, displayTimeUnit } = chromeTrace(modelReport([modelCase("net", step)]));
  expect(displayTimeUnit).toBe("ms");
  const spans = traceEvents
    .filter(({ cat }) => cat === "part")
    .map(({ name, ts, dur }) => [name, ts, dur]);
  expect(spans).toEqual([
    ["a", 0, 2000],
    ["b", 2000, 1000],
    ["forward", 0, 3000],
    ["optimiser", 3000, 1000],
  ]);
  expect(traceEvents.filter(({ cat }) => cat === "kernel")).toHaveLength(4);
  expect(traceEvents.find(({ cat }) => cat === "kernel")).toEqual({
    ph: "X",
    name: "conv",
    cat: "kernel",
    pid: 1,
    tid: 1,
    ts: 0,
    dur: 1000,
    args: { part: "forward / a" },
  });
  expect(traceEvents[0]).toMatchObject({ ph: "M", name: "process_name", args: { name: "net" } });
});
