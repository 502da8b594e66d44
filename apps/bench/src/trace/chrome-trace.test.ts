// Plan: the tree of spans; then the file as its readers see it: the fields that the Trace Event
// Format wants of each phase, and Perfetto's rule that the events of a row nest, on times that are
// no whole nanoseconds, that overlap, and that are none.
import { expect, test } from "vitest";
import type { TimedDispatch } from "../report/model-report.ts";
import { modelCase, modelReport, timeline } from "../report/test-reports.ts";
import { type ChromeTrace, chromeTrace, type TraceEvent } from "./chrome-trace.ts";

/** As a file has it. */
function written(...steps: readonly (readonly TimedDispatch[])[]): ChromeTrace {
  const cases = steps.map((step, i) => modelCase(`net ${i}`, step));
  return JSON.parse(JSON.stringify(chromeTrace(modelReport(cases)))) as ChromeTrace;
}

/** Fields and types of the Trace Event Format; of the phases, those that are written. */
function problemOf({ ph, name, pid, tid, ts, dur, cat, args }: TraceEvent): string | null {
  if (typeof name !== "string" || name === "") return "no name";
  if (!Number.isInteger(pid) || !Number.isInteger(tid)) return "no row";
  if (ph === "X") {
    if (typeof cat !== "string") return "no category";
    return Number(ts) >= 0 && Number(dur) >= 0 ? null : "a complete event without times";
  }
  if (ph !== "M") return `phase ${ph}`;
  if (name === "process_sort_index") return args?.["sort_index"] === undefined ? "no index" : null;
  if (name !== "process_name" && name !== "thread_name") return `metadata ${name}`;
  return typeof args?.["name"] === "string" ? null : "metadata without a name";
}

/** Events that Perfetto drops: those that begin within an open one and end behind it. */
function dropped(events: readonly TraceEvent[]): string[] {
  // Microseconds become whole nanoseconds; equal ones keep the order of the file.
  const ns = (us: number | undefined) => Math.trunc((us ?? Number.NaN) * 1000);
  const slices = events
    .filter(({ ph }) => ph === "X")
    .map(({ name, tid, ts, dur }) => ({ name, tid, from: ns(ts), to: ns(ts) + ns(dur) }))
    .sort((a, b) => a.from - b.from);
  const lost: string[] = [];
  const open = new Map<number, (typeof slices)[number][]>();
  for (const slice of slices) {
    const stack = open.get(slice.tid) ?? [];
    open.set(slice.tid, stack);
    while (stack.length > 0 && (stack.at(-1)?.to ?? 0) <= slice.from) stack.pop();
    if (stack.some(({ to }) => slice.to > to)) lost.push(slice.name);
    else stack.push(slice);
  }
  return lost;
}

test("kernels lie in the spans of their parts, from the outermost in", () => {
  const step = timeline("forward/a/conv", "forward/a/norm", "forward/b/conv", "optimiser/sgd");
  const { traceEvents } = written(step);
  const shown = traceEvents.map(({ name, ts, dur }) => [name, ts, dur]);
  expect(shown.slice(3)).toEqual([
    ["forward", 0, 3000],
    ["a", 0, 2000],
    ["conv", 0, 1000],
    ["norm", 1000, 1000],
    ["b", 2000, 1000],
    ["conv", 2000, 1000],
    ["optimiser", 3000, 1000],
    ["sgd", 3000, 1000],
  ]);
  expect(traceEvents[5]).toEqual({
    ph: "X",
    name: "conv",
    cat: "kernel",
    pid: 1,
    tid: 1000,
    ts: 0,
    dur: 1000,
    args: { part: "forward / a", ms: 1 },
  });
});

test("every event has what its phase needs, and each case is a process", () => {
  const step = timeline("forward/conv");
  const { traceEvents, otherData } = written(step, step);
  expect(traceEvents.map(problemOf).filter((problem) => problem !== null)).toEqual([]);
  const names = traceEvents.filter(({ name }) => name === "process_name");
  expect(names.map(({ pid, args }) => [pid, args?.["name"]])).toEqual([
    [1, "net 0"],
    [2, "net 1"],
  ]);
  expect(otherData).toEqual({ device: "a device <&>", startedAt: "2026-01-02T03:04:05.000Z" });
  expect(problemOf({ ph: "X", name: "conv", cat: "kernel", pid: 1, tid: 1 })).not.toBeNull();
  expect(problemOf({ ph: "M", name: "thread_name", pid: 1, tid: 1 })).not.toBeNull();
});

test("events nest whatever the device's clock says: none is dropped", () => {
  const part = (i: number) => ["forward", `layer${Math.floor(i / 5)}`, `${i % 2}`];
  let startMs = 0;
  const step = Array.from({ length: 100 }, (_, i): TimedDispatch => {
    // No whole nanoseconds; every seventh begins before the last has ended, every ninth is none.
    const ms = i % 9 === 0 ? 0 : 0.0011 * (1 + (i % 4)) + i / 3e6;
    const row = { part: part(i), kernel: `k${i}`, startMs, ms };
    startMs += i % 7 === 0 ? ms / 2 : ms;
    return row;
  });
  const { traceEvents } = written(step);
  expect(traceEvents.map(problemOf).filter((problem) => problem !== null)).toEqual([]);
  expect(dropped(traceEvents)).toEqual([]);
  // What is written is what was measured, to the eighth of a microsecond, where nothing overlaps.
  const second = traceEvents.find(({ name }) => name === "k1");
  expect(second?.dur).toBeCloseTo(1000 * (step[1]?.ms ?? 0), 0);
  // The rule sees what it is for.
  const slice = (name: string, ts: number, dur: number): TraceEvent => {
    return { ph: "X", name, pid: 1, tid: 1, ts, dur };
  };
  expect(dropped([slice("a", 0, 2), slice("b", 1, 2)])).toEqual(["b"]);
  expect(dropped([slice("inner", 0, 1), slice("outer", 0, 2)])).toEqual(["outer"]);
});
