import type { ModelCaseReport, ModelReport, TimedDispatch } from "../report/model-report.ts";

/**
 * An event of the Trace Event Format, as Perfetto and chrome://tracing read it; times are
 * microseconds.
 */
export interface TraceEvent {
  readonly name: string;
  /** `X`, complete: begin and duration; `M`, metadata: what a row is called. */
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly args?: Readonly<Record<string, string | number>>;
}

/** A file for `chrome://tracing` and ui.perfetto.dev. */
export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, string>>;
}

const US = 1000;
/** The row of parts and kernels. */
const DEVICE_ROW = 1;

interface Span {
  readonly name: string;
  readonly from: number;
}

function depthInCommon(a: readonly string[], b: readonly string[]): number {
  const different = a.findIndex((name, i) => name !== b[i]);
  return different < 0 ? a.length : different;
}

/** Parts as spans around the dispatches that follow each other in them; they nest. */
function partSpans(timeline: readonly TimedDispatch[], pid: number): TraceEvent[] {
  const events: TraceEvent[] = [];
  const open: Span[] = [];
  let end = 0;
  const close = (depth: number) => {
    while (open.length > depth) {
      const { name, from } = open.pop() as Span;
      const dur = (end - from) * US;
      events.push({ ...row(pid), ph: "X", name, cat: "part", ts: from * US, dur });
    }
  };
  let before: readonly string[] = [];
  for (const { part, startMs, ms } of timeline) {
    const common = depthInCommon(before, part);
    close(common);
    for (const name of part.slice(common)) open.push({ name, from: startMs });
    before = part;
    end = Math.max(end, startMs + ms);
  }
  close(0);
  return events;
}

function row(pid: number) {
  return { pid, tid: DEVICE_ROW };
}

function caseEvents({ name, timeline }: ModelCaseReport, pid: number): TraceEvent[] {
  const kernels = timeline.map(({ kernel, part, startMs, ms }): TraceEvent => {
    const args = { part: part.join(" / ") };
    const times = { ts: startMs * US, dur: ms * US };
    return { ...row(pid), ph: "X", name: kernel, cat: "kernel", ...times, args };
  });
  return [
    { ...row(pid), ph: "M", name: "process_name", args: { name } },
    { ...row(pid), ph: "M", name: "thread_name", args: { name: "device" } },
    ...partSpans(timeline, pid),
    ...kernels,
  ];
}

/** Every dispatch of a report's steps, a process for each case. */
export function chromeTrace({ cases, environment, startedAt }: ModelReport): ChromeTrace {
  return {
    traceEvents: cases.flatMap((entry, i) => caseEvents(entry, i + 1)),
    displayTimeUnit: "ms",
    otherData: { device: environment.device, startedAt },
  };
}
