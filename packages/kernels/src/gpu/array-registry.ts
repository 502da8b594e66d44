import type { BufferPool } from "./buffer-pool.ts";
import { PlannedBuffer } from "./capture/recording.ts";
import type { GpuArray, Storage } from "./gpu-array.ts";

/** The arrays of a `Gpu` that are alive. Memory goes back to the pool with the last handle. */
export class ArrayRegistry {
  readonly #pool: BufferPool;
  readonly #trackArrays: boolean;
  readonly #live = new Set<Storage>();
  readonly #finalization: FinalizationRegistry<Storage>;
  #leaked = 0;
  #isDestroyed = false;

  constructor(pool: BufferPool, trackArrays: boolean) {
    this.#pool = pool;
    this.#trackArrays = trackArrays;
    this.#finalization = new FinalizationRegistry((storage) => {
      this.#leaked++;
      this.#dropReference(storage);
    });
  }

  get size(): number {
    return this.#live.size;
  }

  /** Arrays whose last handle was collected without `dispose`. */
  get leaked(): number {
    return this.#leaked;
  }

  /** An array was made. */
  add(storage: Storage): void {
    if (this.#trackArrays) storage.stack = new Error("made here").stack;
    this.#live.add(storage);
  }

  /** A handle was made. */
  register(handle: GpuArray, storage: Storage): void {
    this.#finalization.register(handle, storage, handle);
  }

  /** A handle was disposed. */
  unregister(handle: GpuArray, storage: Storage): void {
    this.#finalization.unregister(handle);
    this.#dropReference(storage);
  }

  list(): { readonly bytes: number; readonly stack: string | undefined }[] {
    return [...this.#live].map(({ pooled, stack }) => ({ bytes: pooled.bytes, stack }));
  }

  /** Frees the memory of all arrays. */
  destroy(): void {
    this.#isDestroyed = true;
    for (const { pooled } of this.#live) {
      if (!(pooled instanceof PlannedBuffer)) pooled.buffer.destroy();
    }
    this.#live.clear();
  }

  #dropReference(storage: Storage): void {
    if (--storage.references > 0 || this.#isDestroyed) return;
    storage.dropDerived();
    this.#live.delete(storage);
    // What was made inside a capture has no memory of its own.
    if (!(storage.pooled instanceof PlannedBuffer)) this.#pool.release(storage.pooled);
  }
}
