// Capture and replay: a step is run once as a recording, its temporary arrays are planned into few
// buffers, and from then on it is a list of commands that costs the host little.

import { UsageError } from "../../errors.ts";
import type { BufferPool, PooledBuffer } from "../buffer-pool.ts";
import type { CommandStream } from "../commands.ts";
import type { Storage } from "../gpu-array.ts";
import { disposeAll } from "./dispose-all.ts";
import { temporariesOf } from "./lifetimes.ts";
import { peakBytes, planMemory } from "./plan-memory.ts";
import { buildProgram, type Placement, type Program } from "./program.ts";
import { accessesOf, type Recording } from "./recording.ts";
import { StepValue } from "./step-value.ts";

/** Options of `gpu.capture`. */
export interface CaptureOptions {
  /**
   * Run the step once as usual before it is recorded. Default true. Pass false if it has run
   * before: kernels are compiled then, and what is kept between steps exists.
   */
  readonly warmUp?: boolean;
}

/** What a captured step consists of. */
export interface CaptureStats {
  readonly dispatches: number;
  readonly bindGroups: number;
  /** Buffers that the temporary arrays share. */
  readonly pages: number;
  /** Bytes of those. */
  readonly pageBytes: number;
  /** The most bytes of temporary arrays that are in use at one time; no plan needs less. */
  readonly temporaryBytes: number;
  /** Bytes of the other arrays: operands from outside, and results. */
  readonly keptBytes: number;
  /** What the step holds on the device over what it needs at its peak. 1 is best. */
  readonly overhead: number;
}

/** The parts of a `Gpu` that a capture works with. */
export interface CaptureHost {
  readonly device: GPUDevice;
  readonly pool: BufferPool;
  readonly commands: CommandStream;
  /** @throws {Error} if the `Gpu` cannot be used, or records */
  assertReady(): void;
  /** The capture was disposed. */
  forget(capture: Capture<unknown>): void;
}

/** An array that lives outside, or is a result. */
interface Kept {
  readonly storage: Storage;
  /** A kernel that uses it, for the message. */
  readonly user: string;
}

/**
 * A step that was recorded. {@link replay} does what running it again would, to the bit, at a
 * fraction of the host's work.
 */
export class Capture<T> {
  /** What the function returned: arrays that each replay writes. They belong to the capture. */
  readonly result: T;
  readonly stats: CaptureStats;
  readonly #host: CaptureHost;
  readonly #recording: Recording;
  readonly #program: Program;
  readonly #kept: readonly Kept[];
  readonly #written: readonly Storage[];
  readonly #pages: readonly PooledBuffer[];
  #isDisposed = false;

  /** Plans the memory of a recording, makes it ready, and runs it for the first time. */
  constructor(host: CaptureHost, recording: Recording, result: T) {
    this.#host = host;
    this.#recording = recording;
    this.result = result;
    this.#kept = keptBy(recording);
    assertAlive(this.#kept, "was freed inside the captured function, which uses it");
    const { pages, placement, temporaryBytes } = allocate(host, recording);
    this.#pages = pages;
    this.#program = buildProgram(host.device, recording, placement);
    const written = new Set(recording.commands.flatMap((command) => accessesOf(command).writes));
    this.#written = this.#kept.map(({ storage }) => storage).filter((kept) => written.has(kept));
    this.stats = statsOf(this.#program, this.#kept, pages, temporaryBytes);
    this.#run();
  }

  /** Whether the step cannot be replayed any more: an array was freed, or one that was read once
   * has changed. */
  get isStale(): boolean {
    if (this.#kept.some(({ storage }) => storage.references === 0)) return true;
    return [...this.#recording.pins].some(([{ version }, seen]) => version !== seen);
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /**
   * Runs the step again, on what its arrays hold now.
   *
   * @throws {UsageError} if an array of it was freed, or one that it derived others from was
   *   written; after `dispose`; inside another capture
   */
  replay(): void {
    if (this.#isDisposed) {
      throw new UsageError("replay: the captured step was disposed\nCapture it again.");
    }
    this.#host.assertReady();
    assertAlive(this.#kept, "was freed, and the captured step uses it");
    this.#assertPinned();
    const { words, live } = this.#program;
    for (const work of this.#recording.hostWork) {
      if (work instanceof StepValue) {
        work.recompute();
        continue;
      }
      const at = live.get(work) ?? 0;
      words.set((work.live?.() ?? work.words).subarray(0, work.words.length), at);
    }
    if (this.#program.hasLiveUniforms) this.#writeUniforms();
    this.#run();
  }

  /** Frees the memory of the step and its results. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    disposeAll(this.result);
    // What is encoded still needs the buffers.
    this.#host.commands.submit();
    for (const page of this.#pages) this.#host.pool.discard(page);
    this.#host.pool.destroyDoomed();
    this.#program.uniforms?.destroy();
    this.#host.forget(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #run(): void {
    for (const storage of this.#written) storage.touch();
    this.#host.commands.replay(this.#program);
  }

  #writeUniforms(): void {
    const { uniforms, words, uniformWords } = this.#program;
    if (uniforms === null) return;
    // The queue writes before commands that are encoded but not submitted.
    this.#host.commands.submit();
    this.#host.device.queue.writeBuffer(uniforms, 0, words, 0, uniformWords);
  }

  #assertPinned(): void {
    for (const [{ version, bytes }, seen] of this.#recording.pins) {
      if (version === seen) continue;
      throw new UsageError(
        `replay: an array of ${bytes} bytes was written, and the captured step uses what was ` +
          "computed from its old contents\nCapture the step again.",
      );
    }
  }
}

/** Arrays from outside and results, each once. */
function keptBy({ commands, made }: Recording): Kept[] {
  const kept = new Map<Storage, Kept>();
  for (const command of commands) {
    const user = command.kind === "dispatch" ? command.pipeline.name : command.kind;
    const { reads, writes } = accessesOf(command);
    for (const storage of [...reads, ...writes]) {
      const isTemporary = made.has(storage) && storage.references === 0;
      if (!isTemporary && !kept.has(storage)) kept.set(storage, { storage, user });
    }
  }
  return [...kept.values()];
}

function assertAlive(kept: readonly Kept[], what: string): void {
  for (const { storage, user } of kept) {
    if (storage.references > 0) continue;
    throw new UsageError(
      `capture: an array of ${storage.bytes} bytes ${what}\n  used by  ${user}\n` +
        "Keep it alive, gpu.write() into it instead of replacing it, or capture the step again.",
    );
  }
}

/** Memory for results, and pages for everything else. */
function allocate({ device, pool, commands }: CaptureHost, recording: Recording) {
  const { storages, arrays } = temporariesOf(recording);
  const { maxBufferSize } = device.limits;
  const plan = planMemory(arrays, maxBufferSize);
  // The step's memory so far, if it ran before: idle now.
  commands.submit();
  pool.trim();
  const flush = () => commands.submit();
  const acquired: PooledBuffer[] = [];
  try {
    const pages = plan.pages.map((bytes) => {
      const page = pool.acquireExact(bytes, "captured step", flush);
      acquired.push(page);
      return page;
    });
    for (const storage of recording.made) {
      if (storage.references === 0) continue;
      storage.pooled = pool.acquire(storage.bytes, "result of a captured step", flush);
    }
    const placement: Placement = new Map(
      storages.map((storage, i) => {
        const place = plan.places[i] ?? { page: 0, offset: 0 };
        return [storage, { page: pages[place.page] as PooledBuffer, place }];
      }),
    );
    return { pages, placement, temporaryBytes: peakBytes(arrays) };
  } catch (error) {
    for (const page of acquired) pool.discard(page);
    throw error;
  }
}

function statsOf(
  { commands, bindGroups }: Program,
  kept: readonly Kept[],
  pages: readonly PooledBuffer[],
  temporaryBytes: number,
): CaptureStats {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const pageBytes = sum(pages.map(({ bytes }) => bytes));
  const keptBytes = sum(kept.map(({ storage }) => storage.bytes));
  const held = pageBytes + sum(kept.map(({ storage }) => storage.pooled.bytes));
  return {
    dispatches: commands.filter(({ kind }) => kind === "dispatch").length,
    bindGroups,
    pages: pages.length,
    pageBytes,
    temporaryBytes,
    keptBytes,
    overhead: held / Math.max(temporaryBytes + keptBytes, 1),
  };
}
