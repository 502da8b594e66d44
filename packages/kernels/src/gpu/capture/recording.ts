// A step as it is recorded: commands in order, and the arrays they work on. Nothing reaches the
// device. Arrays that are made meanwhile have a size and no memory; the planner gives them some
// when it is known how long each is needed.

import { UsageError } from "../../errors.ts";
import type { PooledBuffer } from "../buffer-pool.ts";
import type { CommandSink, DispatchRequest, LiveParams } from "../commands.ts";
import { Storage } from "../gpu-array.ts";
import type { Pipeline } from "../pipelines.ts";
import { StepValue } from "./step-value.ts";

/** Stands for the memory of an array that was made inside a capture, until it is planned. */
export class PlannedBuffer implements PooledBuffer {
  /** Never that of a buffer. */
  readonly id = 0;
  readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** @throws {UsageError} always */
  get buffer(): GPUBuffer {
    throw new UsageError(
      `an array of ${this.bytes} bytes was made inside capture() and has no memory\n` +
        "Use it inside the captured function alone; after a capture that failed, dispose it.",
    );
  }
}

/** A dispatch of a recording. */
export interface RecordedDispatch {
  readonly kind: "dispatch";
  readonly pipeline: Pipeline;
  readonly storages: readonly Storage[];
  readonly words: Uint32Array<ArrayBuffer>;
  readonly live: LiveParams | undefined;
  readonly grid: readonly [x: number, y: number, z: number];
}

/** A copy between arrays. */
export interface RecordedCopy {
  readonly kind: "copy";
  readonly source: Storage;
  readonly target: Storage;
  readonly bytes: number;
}

/** Zeros. */
export interface RecordedClear {
  readonly kind: "clear";
  readonly target: Storage;
  readonly bytes: number;
}

/** What a recording consists of. */
export type RecordedCommand = RecordedDispatch | RecordedCopy | RecordedClear;

/** Something that the host does before a replay: a value of the step, or a dispatch's parameters. */
export type HostWork = StepValue<unknown> | RecordedDispatch;

/** The arrays of a command: those it only reads, and those it writes. */
export function accessesOf(command: RecordedCommand): { reads: Storage[]; writes: Storage[] } {
  switch (command.kind) {
    case "clear":
      return { reads: [], writes: [command.target] };
    case "copy":
      return { reads: [command.source], writes: [command.target] };
    case "dispatch": {
      const { accesses } = command.pipeline;
      const written = (_: Storage, i: number) => accesses[i] === "read_write";
      return {
        reads: command.storages.filter((storage, i) => !written(storage, i)),
        writes: command.storages.filter(written),
      };
    }
    default:
      return command satisfies never;
  }
}

/** Takes down what a step does. */
export class Recording implements CommandSink {
  readonly commands: RecordedCommand[] = [];
  readonly hostWork: HostWork[] = [];
  /** Arrays from outside whose contents must stay, by the version that was seen. */
  readonly pins = new Map<Storage, number>();
  readonly #made = new Set<Storage>();

  /** The memory of an array that is made inside. */
  make(bytes: number): Storage {
    const storage = new Storage(new PlannedBuffer(bytes), bytes);
    this.#made.add(storage);
    return storage;
  }

  /** Every array that was made inside. */
  get made(): ReadonlySet<Storage> {
    return this.#made;
  }

  dispatch({ pipeline, storages, params, workgroups, live }: DispatchRequest): void {
    const [x, y = 1, z = 1] = workgroups;
    const words = params.slice(0, pipeline.paramBytes / 4);
    const command: RecordedDispatch = {
      kind: "dispatch",
      pipeline,
      storages: storages.slice(),
      words,
      live,
      grid: [x, y, z],
    };
    this.commands.push(command);
    if (live !== undefined) this.hostWork.push(command);
  }

  copy(source: Storage, target: Storage, bytes: number): void {
    this.commands.push({ kind: "copy", source, target, bytes });
  }

  clear(target: Storage, bytes: number): void {
    this.commands.push({ kind: "clear", target, bytes });
  }

  /** See `Gpu.pin`. What is made inside is made anew by every replay. */
  pin(source: Storage, derived: Storage | null): void {
    const isMade = this.#made.has(source) || (derived !== null && this.#made.has(derived));
    if (!isMade && !this.pins.has(source)) this.pins.set(source, source.version);
  }

  /**
   * Forgets what was derived inside from arrays that live on: it has no contents before a replay,
   * and each replay derives it anew.
   */
  dropDerived(): void {
    for (const command of this.commands) {
      const { reads, writes } = accessesOf(command);
      for (const storage of [...reads, ...writes]) storage.dropDerived(this.#made);
    }
  }

  perStep<T>(compute: () => T): StepValue<T> {
    const value = new StepValue(compute);
    this.hostWork.push(value);
    return value;
  }
}
