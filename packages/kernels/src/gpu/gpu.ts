import { DeviceError, type KernelError, ShapeError, UsageError } from "../errors.ts";
import {
  BYTES_PER_ELEMENT,
  checkShape,
  type DType,
  formatShape,
  numel,
  type Shape,
} from "../shape.ts";
import { type AdapterClass, adapterClass } from "./adapter-class.ts";
import { BindGroupCache } from "./bind-groups.ts";
import { BufferPool, largestClass, type PoolStats } from "./buffer-pool.ts";
import { CommandStream, type Profile } from "./commands.ts";
import { GpuArray, Storage } from "./gpu-array.ts";
import { type Pipeline, PipelineCache } from "./pipelines.ts";
import { Readback } from "./readback.ts";
import { UniformCache } from "./uniforms.ts";
import { plainWait, throttledWait, type Wait } from "./wait.ts";
import { toWords } from "./words.ts";
import type { Workgroups } from "./workgroups.ts";

/** A family of kernel variants: `registers` for software adapters, `tiled` for real GPUs. */
export type KernelFamily = "registers" | "tiled";

/** Options of a {@link Gpu}. */
export interface GpuOptions {
  /** Overrides the choice by adapter class. */
  readonly kernels?: KernelFamily;
  /** Variants by operation name that win over the family's, e.g. `{ conv2d: "tiled" }`. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Refuse to hold more device memory than this, in bytes; default 8 GiB. */
  readonly maxBytes?: number;
  /** Keep at most this much of freed memory for reuse, in bytes; default 2 GiB. */
  readonly maxIdleBytes?: number;
  /** Sleep between polls while waiting; default: on software adapters. */
  readonly throttle?: boolean;
  /** Use immediates for scalar parameters; default: where the device has them. */
  readonly immediates?: boolean;
  /** Record where every array is made, for the leak report. */
  readonly trackArrays?: boolean;
  /** Receives what the device reports on its own: lost, out of memory, validation. */
  readonly onError?: (error: DeviceError | KernelError) => void;
}

/** Counters of a {@link Gpu}. */
export interface GpuStats extends PoolStats {
  readonly arrays: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly pipelines: number;
  readonly bindGroups: number;
  /** Arrays whose last handle was collected without `dispose`. */
  readonly leaked: number;
}

const GIB = 2 ** 30;

/**
 * The context around a `GPUDevice`: memory, compiled kernels and the command encoder.
 *
 * Operations encode; nothing runs until {@link flush}, {@link read} or every
 * 128 dispatches. All work of a submit shares one encoder and one compute pass.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterClass;
  readonly family: KernelFamily;
  readonly overrides: Readonly<Record<string, string>>;
  /** Bytes of immediates a kernel may use, 0 without the feature. */
  readonly maxImmediateBytes: number;
  readonly pipelines: PipelineCache;
  /** Compiled kernels by definition, constants and modules: the fast path of a dispatch. */
  readonly variants = new Map<string, Pipeline>();
  readonly #pool: BufferPool;
  readonly #bindGroups: BindGroupCache;
  readonly #uniforms: UniformCache;
  readonly #readback: Readback;
  readonly #commands: CommandStream;
  readonly #wait: Wait;
  readonly #onError: ((error: DeviceError | KernelError) => void) | undefined;
  readonly #finalization: FinalizationRegistry<Storage>;
  readonly #live = new Set<Storage>();
  readonly #trackArrays: boolean;
  #leaked = 0;
  #failure: DeviceError | KernelError | undefined;
  #destroyed = false;

  constructor(device: GPUDevice, options: GpuOptions = {}) {
    this.device = device;
    this.adapter = adapterClass(device.adapterInfo);
    this.family = options.kernels ?? (this.adapter === "software" ? "registers" : "tiled");
    this.overrides = options.overrides ?? {};
    this.maxImmediateBytes =
      options.immediates === false ? 0 : (device.limits.maxImmediateSize ?? 0);
    this.#onError = options.onError;
    this.#trackArrays = options.trackArrays ?? false;
    this.pipelines = new PipelineCache(device, (error) => this.#fail(error));
    this.#bindGroups = new BindGroupCache(device);
    const forget = (id: number) => this.#bindGroups.forget(id);
    this.#pool = new BufferPool(
      device,
      { maxBytes: options.maxBytes ?? 8 * GIB, maxIdleBytes: options.maxIdleBytes ?? 2 * GIB },
      forget,
    );
    this.#uniforms = new UniformCache(device, forget);
    this.#readback = new Readback(device);
    this.#commands = new CommandStream(device, this.#bindGroups, this.#uniforms, () => {
      this.#pool.destroyDoomed();
      this.#uniforms.destroyDoomed();
    });
    const throttle = options.throttle ?? this.adapter === "software";
    this.#wait = throttle ? throttledWait() : plainWait;
    this.#finalization = new FinalizationRegistry((storage) => {
      this.#leaked++;
      this.#dropReference(storage);
    });
    this.#listen();
  }

  /** Bytes of the largest array that the device's limits allow. */
  get maxArrayBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return largestClass(Math.min(maxBufferSize, maxStorageBufferBindingSize));
  }

  /** Counters; `peak…` since {@link resetPeak}. */
  get stats(): GpuStats {
    return {
      ...this.#pool.stats,
      arrays: this.#live.size,
      dispatches: this.#commands.dispatches,
      submits: this.#commands.submits,
      pipelines: this.pipelines.size,
      bindGroups: this.#bindGroups.created,
      leaked: this.#leaked,
    };
  }

  /** Starts measuring peaks of memory from now. */
  resetPeak(): void {
    this.#pool.resetPeak();
  }

  /** Where every array alive was made; stacks need `trackArrays`. */
  liveArrays(): { readonly bytes: number; readonly stack: string | undefined }[] {
    return [...this.#live].map(({ pooled, stack }) => ({ bytes: pooled.bytes, stack }));
  }

  /**
   * An array with undefined contents.
   *
   * @throws {DeviceError} if it is above the device's limits or the memory budget
   */
  empty(shape: Shape, dtype: DType = "f32"): GpuArray {
    this.#assertUsable();
    checkShape(shape, "array");
    const bytes = numel(shape) * BYTES_PER_ELEMENT;
    const pooled = this.#pool.acquire(bytes, `array ${formatShape(shape)}`, () => this.flush());
    const storage = new Storage(pooled);
    if (this.#trackArrays) storage.stack = new Error("made here").stack;
    this.#live.add(storage);
    return new GpuArray(this, storage, shape, dtype);
  }

  /** An array of zeros. */
  zeros(shape: Shape, dtype: DType = "f32"): GpuArray {
    const array = this.empty(shape, dtype);
    this.#commands.clear(array.storage.pooled.buffer, array.bytes);
    return array;
  }

  /**
   * An array with the elements of `data`.
   *
   * @throws {ShapeError} if `data` does not fill `shape`
   */
  upload(data: ArrayLike<number>, shape: Shape, dtype: DType = "f32"): GpuArray {
    const array = this.empty(shape, dtype);
    try {
      this.write(array, data);
    } catch (error) {
      array.dispose();
      throw error;
    }
    return array;
  }

  /** Replaces the elements of `array`. */
  write(array: GpuArray, data: ArrayLike<number>): void {
    this.#assertUsable();
    if (data.length !== array.size) {
      throw new ShapeError(
        `upload: ${data.length} values do not fill ${formatShape(array.shape)} (${array.size})`,
      );
    }
    // The queue writes before commands that are encoded but not submitted.
    this.flush();
    array.storage.touch();
    this.device.queue.writeBuffer(array.storage.pooled.buffer, 0, toWords(data, array.dtype));
  }

  /** Copies `source` over the equally sized `target`. */
  copy(source: GpuArray, target: GpuArray): void {
    if (source.size !== target.size) {
      throw new ShapeError(
        `copy: sizes differ\n  source  ${formatShape(source.shape)}\n` +
          `  target  ${formatShape(target.shape)}`,
      );
    }
    this.#assertUsable();
    target.storage.touch();
    const { buffer } = source.storage.pooled;
    this.#commands.copy(buffer, target.storage.pooled.buffer, source.bytes);
  }

  /** The bytes of `array` on the host, after everything encoded so far. */
  async read(array: GpuArray): Promise<ArrayBuffer> {
    this.#assertUsable();
    const { bytes } = array;
    const staging = this.#readback.acquire(bytes);
    this.#commands.copy(array.storage.pooled.buffer, staging, bytes);
    this.flush();
    const copy = await this.#readback.take(staging, bytes, this.#wait).catch((cause: unknown) => {
      throw this.#failure ?? new DeviceError("internal", `read: ${cause}`);
    });
    await this.#settle();
    return copy;
  }

  /** Waits until everything encoded so far has run; throws what the device reported meanwhile. */
  async synchronize(): Promise<void> {
    this.flush();
    await this.#wait(this.device.queue.onSubmittedWorkDone());
    await this.#settle();
  }

  /** Submits what is encoded. */
  flush(): void {
    this.#commands.submit();
  }

  /** Submits, then gives freed memory back to the device. */
  trim(): void {
    this.flush();
    this.#pool.trim();
  }

  /**
   * Times every dispatch that `work` encodes.
   *
   * @throws {DeviceError} without the `timestamp-query` feature
   * @throws {UsageError} inside another profile
   */
  profile(work: () => void | Promise<void>): Promise<Profile> {
    return this.#commands.profile(work, this.#wait);
  }

  /** Encodes one dispatch; kernels call this. */
  encode(
    pipeline: Pipeline,
    storages: readonly Storage[],
    params: Uint32Array<ArrayBuffer>,
    workgroups: Workgroups,
  ): void {
    this.#assertUsable();
    this.#commands.dispatch(pipeline, storages, params, workgroups);
  }

  /** A handle was made; {@link GpuArray} calls this. */
  register(handle: GpuArray, storage: Storage): void {
    this.#finalization.register(handle, storage, handle);
  }

  /** A handle was disposed; {@link GpuArray} calls this. */
  unregister(handle: GpuArray, storage: Storage): void {
    this.#finalization.unregister(handle);
    this.#dropReference(storage);
  }

  /** Frees all memory. Arrays of this `Gpu` are unusable afterwards; the device stays open. */
  destroy(): void {
    if (this.#destroyed) return;
    if (this.#failure === undefined) this.flush();
    this.#destroyed = true;
    this.device.removeEventListener("uncapturederror", this.#onUncaptured);
    for (const storage of this.#live) storage.pooled.buffer.destroy();
    this.#live.clear();
    this.#pool.trim();
    this.#pool.destroyDoomed();
    this.#uniforms.destroy();
    this.#readback.destroy();
  }

  #dropReference(storage: Storage): void {
    if (--storage.references > 0 || this.#destroyed) return;
    storage.dropDerived();
    this.#live.delete(storage);
    this.#pool.release(storage.pooled);
  }

  #assertUsable(): void {
    if (this.#destroyed) throw new UsageError("this Gpu was destroyed\nMake a new one.");
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #settle(): Promise<void> {
    if (this.pipelines.unchecked) await this.#wait(this.pipelines.checked());
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: DeviceError | KernelError): void {
    this.#failure ??= error;
    this.#onError?.(error);
  }

  readonly #onUncaptured = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    const kind = error.constructor.name === "GPUOutOfMemoryError" ? "out-of-memory" : "validation";
    const advice = kind === "out-of-memory" ? "\nUse a smaller batch or image." : "";
    this.#fail(new DeviceError(kind, `the device reported: ${error.message}${advice}`));
  };

  #listen(): void {
    void this.device.lost.then(({ reason, message }) => {
      if (this.#destroyed) return;
      if (reason === "destroyed") {
        // Whoever destroyed it knows; later calls still say why they cannot work.
        this.#failure ??= new DeviceError("lost", "the device was destroyed\nOpen a new one.");
        return;
      }
      this.#fail(
        new DeviceError(
          "lost",
          `the device was lost: ${message}\n` +
            "Open a new device; what was on the old one is gone (resume from a checkpoint).",
        ),
      );
    });
    this.device.addEventListener("uncapturederror", this.#onUncaptured);
  }
}
