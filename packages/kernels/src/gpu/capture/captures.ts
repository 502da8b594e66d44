import { UsageError } from "../../errors.ts";
import type { GpuArray } from "../gpu-array.ts";
import { Capture, type CaptureHost, type CaptureOptions } from "./capture.ts";
import { disposeAll } from "./dispose-all.ts";
import { Recording } from "./recording.ts";
import { type Refused, refuse } from "./refusals.ts";
import { StepValue } from "./step-value.ts";

/** The captured steps of a `Gpu`, and the one that is being recorded. */
export class Captures {
  readonly #host: CaptureHost;
  readonly #alive = new Set<Capture<unknown>>();
  #recording: Recording | null = null;

  constructor(host: Omit<CaptureHost, "forget">) {
    this.#host = { ...host, forget: (capture) => this.#alive.delete(capture) };
  }

  /** Null outside a capture. */
  get recording(): Recording | null {
    return this.#recording;
  }

  get size(): number {
    return this.#alive.size;
  }

  /** @throws {UsageError} while a step is recorded */
  refuse(what: Refused): void {
    if (this.#recording !== null) refuse(what);
  }

  /**
   * Runs a step and keeps it: temporary memory is planned once, bind groups and parameters are made
   * once, and a replay encodes a list. It does what running the step again would, to the bit.
   *
   * `step` runs twice, first as usual and then as the recording (once with `warmUp: false`), and
   * both count: a training step that is captured with a warm-up has been done twice. It must do the
   * same every time but for what {@link perStep} values tell. Inputs are arrays made before, written
   * by `gpu.write` between replays. Arrays that outlive the call are results: every replay writes
   * them.
   *
   * @throws {UsageError} if `step` reads, writes, waits or is asynchronous, or frees an array that
   *   was made before and that it uses
   */
  capture<T>(step: () => T, { warmUp = true }: CaptureOptions): Capture<T> {
    if (warmUp) disposeAll(runSynchronously(step));
    const recording = new Recording();
    this.#recording = recording;
    let result: T | undefined;
    try {
      result = runSynchronously(step);
      this.#end(recording);
      const capture = new Capture(this.#host, recording, result);
      this.#alive.add(capture);
      return capture;
    } catch (error) {
      this.#end(recording);
      disposeAll(result);
      throw error;
    }
  }

  /**
   * A value that the host computes for every run of a step, and that a capture must not freeze:
   * `compute` runs now, and again before each later replay.
   */
  perStep<T>(compute: () => T): StepValue<T> {
    return this.#recording?.perStep(compute) ?? new StepValue(compute);
  }

  /**
   * Runs `work` for good though a step is being recorded: it makes what lasts from step to step, an
   * optimizer's memory, and is no part of the recording.
   */
  outside<T>(work: () => T): T {
    const recording = this.#recording;
    this.#recording = null;
    try {
      return work();
    } finally {
      this.#recording = recording;
    }
  }

  /**
   * The step that is being recorded relies on the present contents of `sources`, though no command
   * of it need read them: its replays are refused once one is written.
   *
   * @param derived what was made from them; if the recording itself made it, each replay does
   */
  pin(sources: readonly GpuArray[], derived: GpuArray | null): void {
    for (const { storage } of sources) this.#recording?.pin(storage, derived?.storage ?? null);
  }

  /** Frees the memory of all captured steps. */
  destroy(): void {
    for (const capture of this.#alive) capture.dispose();
  }

  /** Whether it came to its end or failed: what it derived would never have contents. */
  #end(recording: Recording): void {
    this.#recording = null;
    recording.dropDerived();
  }
}

function runSynchronously<T>(step: () => T): T {
  const result = step();
  if (typeof result !== "object" || result === null || !("then" in result)) return result;
  // Whatever becomes of it, the caller hears of this.
  void Promise.resolve(result).then(disposeAll, () => undefined);
  throw new UsageError(
    "capture: the function is asynchronous: it would go on after it was recorded\n" +
      "Pass a function that encodes its work and returns arrays; await their read() after replay().",
  );
}
