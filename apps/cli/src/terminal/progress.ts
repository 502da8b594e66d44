/*
 * How far the work is: a bar on a terminal, a line now and then elsewhere (a log file, CI). All of
 * it goes to standard error, so that results can be piped.
 */
import { type Bar, MultiBar, Presets } from "cli-progress";
import { formatDuration } from "./units.ts";

/** Shows how much of some work is done. */
export interface Progress {
  /** `count` more are done; `detail` stands after the rate until the next one. */
  advance(count?: number, detail?: string): void;
  /** A remark that stays, above the bar. */
  note(text: string): void;
  /** Ends the bar; its last state stays. */
  stop(): void;
}

/** What {@link startProgress} shows. */
export interface ProgressOptions {
  /** Units of work in all. */
  readonly total: number;
  /** `images` */
  readonly unit: string;
  /** Default: standard error. */
  readonly stream?: NodeJS.WriteStream;
  /** Between two lines where there is no terminal, in ms. */
  readonly intervalMs?: number;
  /** The time, in ms; for tests. */
  readonly now?: () => number;
}

/** Of which the present rate is an average. */
const WINDOW_MS = 30_000;

/** Units per second over the last half minute, and what that means for the rest. */
export class Rate {
  readonly #now: () => number;
  readonly #marks: { readonly at: number; readonly done: number }[];

  constructor(now: () => number) {
    this.#now = now;
    this.#marks = [{ at: now(), done: 0 }];
  }

  /** Notes that `done` units are done by now. */
  mark(done: number): void {
    const at = this.#now();
    this.#marks.push({ at, done });
    // One mark older than the window stays, as its beginning.
    while (this.#marks.length > 2 && at - this.#marks[1]!.at > WINDOW_MS) this.#marks.shift();
  }

  /** Units per second; 0 before the first is done. */
  perSecond(): number {
    const first = this.#marks[0]!;
    const last = this.#marks.at(-1)!;
    const ms = last.at - first.at;
    return ms > 0 ? ((last.done - first.done) * 1000) / ms : 0;
  }

  /** `2.41 images/s, 35.0 s left` */
  describe(total: number, unit: string): string {
    const rate = this.perSecond();
    if (rate === 0) return `- ${unit}/s`;
    const remaining = total - this.#marks.at(-1)!.done;
    const left = remaining > 0 ? `, ${formatDuration((remaining / rate) * 1000)} left` : "";
    return `${rate.toPrecision(3)} ${unit}/s${left}`;
  }
}

/** Begins to show progress. */
export function startProgress(options: ProgressOptions): Progress {
  const { stream = process.stderr } = options;
  return stream.isTTY ? barProgress(options, stream) : lineProgress(options, stream);
}

function barProgress(options: ProgressOptions, stream: NodeJS.WriteStream): Progress {
  const { total, unit, now = performance.now.bind(performance) } = options;
  const rate = new Rate(now);
  const bars = new MultiBar(
    {
      stream,
      format: "{bar} {value}/{total}  {rate}",
      barsize: 30,
      linewrap: false,
      // A signal is the program's business; this library would end the process by itself.
      gracefulExit: false,
      emptyOnZero: true,
      forceRedraw: true,
    },
    Presets.shades_classic,
  );
  const bar: Bar = bars.create(total, 0, { rate: rate.describe(total, unit) });
  let done = 0;
  return {
    advance(count = 1, detail = "") {
      done += count;
      rate.mark(done);
      bar.update(done, { rate: withDetail(rate.describe(total, unit), detail) });
    },
    note: (text) => bars.log(`${text}\n`),
    stop() {
      bars.update();
      bars.stop();
    },
  };
}

function lineProgress(options: ProgressOptions, stream: NodeJS.WriteStream): Progress {
  const { total, unit, intervalMs = 5000, now = performance.now.bind(performance) } = options;
  const rate = new Rate(now);
  let done = 0;
  let shown = 0;
  let shownAt = now();
  let remark = "";
  const show = (): void => {
    shown = done;
    shownAt = now();
    stream.write(`${done}/${total} ${unit}  ${withDetail(rate.describe(total, unit), remark)}\n`);
  };
  return {
    advance(count = 1, detail = "") {
      remark = detail;
      done += count;
      rate.mark(done);
      if (now() - shownAt >= intervalMs) show();
    },
    note: (text) => stream.write(`${text}\n`),
    stop() {
      if (done > 0 && shown !== done) show();
    },
  };
}

function withDetail(rate: string, detail: string): string {
  return detail === "" ? rate : `${rate}  ${detail}`;
}
