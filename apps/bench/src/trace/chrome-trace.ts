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

/** A file for `chrome://tracing` and ui.perfetto.dev: the format's JSON object. */
export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly otherData: Readonly<Record<string, string>>;
}

/** A row of the trace: the device of one case. */
interface Row {
  readonly pid: number;
  readonly tid: number;
}

interface Span extends TraceEvent {
  readonly ts: number;
  dur: number;
}

/**
 * Events of a row must nest, or Perfetto leaves them out, and it reads microseconds as whole
 * nanoseconds. An eighth of a microsecond is exact in binary and in nanoseconds: sums of begin and
 * duration are, too.
 */
const TICKS_PER_MS = 8000;
const TICKS_PER_US = 8;
/** No row is called as a process is: a thread of its process's number would be its main one. */
const FIRST_ROW = 1000;

function ticks(ms: number): number {
  return Math.round(ms * TICKS_PER_MS);
}

function microseconds(ticksCount: number): number {
  return ticksCount / TICKS_PER_US;
}

function depthInCommon(a: readonly string[], b: readonly string[]): number {
  const different = a.findIndex((name, i) => name !== b[i]);
  return different < 0 ? a.length : different;
}

/**
 * Dispatches, and parts as spans around those that follow each other in them. What begins at the
 * same time comes from the outermost in, and nothing begins before what it follows has ended.
 */
function deviceEvents(timeline: readonly TimedDispatch[], row: Row): TraceEvent[] {
  const events: TraceEvent[] = [];
  const open: Span[] = [];
  let end = 0;
  const close = (depth: number) => {
    for (const span of open.splice(depth)) span.dur = microseconds(end) - span.ts;
  };
  let before: readonly string[] = [];
  for (const { part, kernel, startMs, ms } of timeline) {
    close(depthInCommon(before, part));
    const from = Math.max(end, ticks(startMs));
    const ts = microseconds(from);
    for (const name of part.slice(open.length)) {
      const span: Span = { ...row, ph: "X", name, cat: "part", ts, dur: 0 };
      open.push(span);
      events.push(span);
    }
    end = Math.max(from, ticks(startMs + ms));
    const args = { part: part.join(" / "), ms };
    const dur = microseconds(end - from);
    events.push({ ...row, ph: "X", name: kernel, cat: "kernel", ts, dur, args });
    before = part;
  }
  close(0);
  return events;
}

function caseEvents({ name, timeline }: ModelCaseReport, index: number): TraceEvent[] {
  const row: Row = { pid: index + 1, tid: FIRST_ROW + index };
  return [
    { ...row, ph: "M", name: "process_name", args: { name } },
    { ...row, ph: "M", name: "process_sort_index", args: { sort_index: index } },
    { ...row, ph: "M", name: "thread_name", args: { name: "device" } },
    ...deviceEvents(timeline, row),
  ];
}

/** Every dispatch of a report's steps, a process for each case. */
export function chromeTrace({ cases, environment, startedAt }: ModelReport): ChromeTrace {
  return {
    traceEvents: cases.flatMap(caseEvents),
    otherData: { device: environment.device, startedAt },
  };
}
