import { DeviceError, UsageError } from "../errors.ts";
import { bytesOf, checkShape, type DType, type Shape } from "../shape.ts";
import { type AdapterClass, adapterClass } from "./adapter-class.ts";
import { ArrayRegistry } from "./array-registry.ts";
import { BindGroupCache } from "./bind-groups.ts";
import { BufferPool } from "./buffer-pool.ts";
import type { Capture, CaptureOptions } from "./capture/capture.ts";
import { Captures } from "./capture/captures.ts";
import type { StepValue } from "./capture/step-value.ts";
import { type CommandSink, CommandStream, type DispatchRequest, type Profile } from "./commands.ts";
import { DeviceWatch } from "./device-watch.ts";
import { GpuArray, Storage } from "./gpu-array.ts";
import type { GpuOptions, GpuStats, KernelFamily } from "./gpu-options.ts";
import { type MatrixShape, matrixShape } from "./matrices.ts";
import { type Pipeline, PipelineCache } from "./pipelines.ts";
import { Readback } from "./readback.ts";
import type { Tuning } from "./tuning.ts";
import { tuningOf } from "./tuning-system.ts";
import { UniformCache } from "./uniforms.ts";
import { plainWait, throttledWait, type Wait } from "./wait.ts";
import { requireSameSize, requireValues, toWords } from "./words.ts";

export type { KernelFamily } from "./gpu-options.ts";

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
  /** Measured choices for this adapter. */
  readonly tuning: Tuning;
  /** Subgroup matrices for operands in f16; null unless they were asked for and are there. */
  readonly matrices: MatrixShape | null;
  /** Bytes of immediates a kernel may use, 0 without the feature. */
  readonly maxImmediateBytes: number;
  /** Along one dimension of a dispatch. Kept here: the device's own getters cost 0.3 µs. */
  readonly maxWorkgroups: number;
  /** Lanes that surely share a subgroup; 0 where kernels cannot exchange registers. */
  readonly subgroupLanes: number;
  readonly pipelines: PipelineCache;
  /** Compiled kernels by definition, constants and modules: the fast path of a dispatch. */
  readonly variants = new Map<string, Pipeline>();
  /** Counts the handles of every array; {@link GpuArray} reports to it. */
  readonly arrays: ArrayRegistry;
  readonly #pool: BufferPool;
  readonly #bindGroups: BindGroupCache;
  readonly #uniforms: UniformCache;
  readonly #readback: Readback;
  readonly #commands: CommandStream;
  readonly #wait: Wait;
  readonly #watch: DeviceWatch;
  readonly #captures: Captures;
  #destroyed = false;

  constructor(device: GPUDevice, options: GpuOptions = {}) {
    this.device = device;
    this.adapter = adapterClass(device.adapterInfo);
    this.family = options.kernels ?? (this.adapter === "software" ? "registers" : "tiled");
    this.overrides = options.overrides ?? {};
    this.tuning = tuningOf(device.adapterInfo, options);
    this.matrices = matrixShape(device, options.matrices ?? []);
    this.maxWorkgroups = device.limits.maxComputeWorkgroupsPerDimension;
    this.subgroupLanes = device.features.has("subgroups")
      ? (device.adapterInfo.subgroupMinSize ?? 0)
      : 0;
    this.maxImmediateBytes =
      options.immediates === false ? 0 : (device.limits.maxImmediateSize ?? 0);
    this.#watch = new DeviceWatch(device, options.onError);
    this.pipelines = new PipelineCache(device, (error) => this.#watch.fail(error));
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
    this.#wait = (options.throttle ?? this.adapter === "software") ? throttledWait() : plainWait;
    this.arrays = new ArrayRegistry(this.#pool, options.trackArrays ?? false);
    this.#captures = new Captures({
      device,
      pool: this.#pool,
      commands: this.#commands,
      assertReady: () => {
        this.#assertUsable();
        this.#captures.refuse("replay");
      },
    });
  }

  /** Bytes of the largest array that the device's limits allow. */
  get maxArrayBytes(): number {
    return this.#pool.maxArrayBytes;
  }

  /** Counters; `peak…` since {@link resetPeak}. */
  get stats(): GpuStats {
    const { dispatches, submits } = this.#commands;
    return {
      ...this.#pool.stats,
      arrays: this.arrays.size,
      dispatches,
      submits,
      pipelines: this.pipelines.size,
      bindGroups: this.#bindGroups.created,
      captures: this.#captures.size,
      leaked: this.arrays.leaked,
    };
  }

  /** Starts measuring peaks of memory from now. */
  resetPeak(): void {
    this.#pool.resetPeak();
  }

  /** Where every array alive was made; stacks need `trackArrays`. */
  liveArrays(): { readonly bytes: number; readonly stack: string | undefined }[] {
    return this.arrays.list();
  }

  /**
   * An array with undefined contents.
   *
   * @throws {DeviceError} if it is above the device's limits or the memory budget
   */
  empty(shape: Shape, dtype: DType = "f32"): GpuArray {
    this.#assertUsable();
    checkShape(shape, "array");
    const bytes = bytesOf(shape, dtype);
    const storage =
      this.#captures.recording?.make(this.#pool.withinLimits(bytes, shape)) ??
      new Storage(
        this.#pool.acquire(bytes, shape, () => this.flush()),
        bytes,
      );
    this.arrays.add(storage);
    return new GpuArray(this, storage, shape, dtype);
  }

  /** An array of zeros. */
  zeros(shape: Shape, dtype: DType = "f32"): GpuArray {
    const array = this.empty(shape, dtype);
    this.#sink.clear(array.storage, array.bytes);
    return array;
  }

  /**
   * An array with the elements of `data`.
   *
   * @throws {ShapeError} if `data` does not fill `shape`
   */
  upload(data: ArrayLike<number>, shape: Shape, dtype: DType = "f32"): GpuArray {
    this.#captures.refuse("write");
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
    this.#captures.refuse("write");
    requireValues(data, array);
    // The queue writes before commands that are encoded but not submitted.
    this.flush();
    array.storage.touch();
    this.device.queue.writeBuffer(array.storage.pooled.buffer, 0, toWords(data, array.dtype));
  }

  /** Copies `source` over the equally sized `target`. */
  copy(source: GpuArray, target: GpuArray): void {
    requireSameSize(source, target);
    this.#assertUsable();
    target.storage.touch();
    this.#sink.copy(source.storage, target.storage, source.bytes);
  }

  /** The bytes of `array` on the host, after everything encoded so far. */
  async read(array: GpuArray): Promise<ArrayBuffer> {
    this.#assertUsable();
    this.#captures.refuse("read");
    const staging = this.#readback.acquire(array.bytes);
    this.#commands.readBack(array.storage, staging, array.bytes);
    this.flush();
    const taken = this.#readback.take(staging, array.bytes, this.#wait);
    const copy = await taken.catch((cause: unknown) => {
      throw this.#watch.failure ?? new DeviceError("internal", `read: ${cause}`);
    });
    await this.#settle();
    return copy;
  }

  /** Waits until everything encoded so far has run; throws what the device reported meanwhile. */
  async synchronize(): Promise<void> {
    this.#captures.refuse("synchronize");
    this.flush();
    await this.#wait(this.device.queue.onSubmittedWorkDone());
    await this.#settle();
  }

  /** Submits what is encoded; inside {@link capture} there is nothing to submit. */
  flush(): void {
    if (this.#captures.recording === null) this.#commands.submit();
  }

  /** Submits, then gives freed memory back to the device. */
  trim(): void {
    this.#captures.refuse("trim");
    this.flush();
    this.#pool.trim();
  }

  /**
   * Times every dispatch that `work` encodes.
   *
   * @throws {DeviceError} without the `timestamp-query` feature
   * @throws {UsageError} inside another profile, or inside {@link capture}
   */
  profile(work: () => void | Promise<void>): Promise<Profile> {
    this.#captures.refuse("profile");
    return this.#commands.profile(work, this.#wait);
  }

  /** Runs a step and keeps it, to be run again by `replay()`: {@link Captures.capture}. */
  capture<T>(step: () => T, options: CaptureOptions = {}): Capture<T> {
    this.#assertUsable();
    this.#captures.refuse("capture");
    return this.#captures.capture(step, options);
  }

  /** A value of each step's own, which a captured step computes anew: {@link Captures.perStep}. */
  perStep<T>(compute: () => T): StepValue<T> {
    return this.#captures.perStep(compute);
  }

  /** Runs `work` for good while a step is being recorded: {@link Captures.outside}. */
  outsideCapture<T>(work: () => T): T {
    return this.#captures.outside(work);
  }

  /** A captured step needs the present contents of some arrays: {@link Captures.pin}. */
  pin(sources: readonly GpuArray[], derived: GpuArray | null = null): void {
    this.#captures.pin(sources, derived);
  }

  /**
   * Encodes one dispatch; kernels call this.
   *
   * @throws {DeviceError} if the grid is above the device's limit
   */
  encode(request: DispatchRequest): void {
    this.#assertUsable();
    this.#commands.assertGrid(request);
    this.#sink.dispatch(request);
  }

  /** Frees all memory. Arrays of this `Gpu` are unusable afterwards; the device stays open. */
  destroy(): void {
    if (this.#destroyed) return;
    if (this.#watch.failure !== undefined) this.#commands.abandon();
    this.flush();
    this.#captures.destroy();
    this.#destroyed = true;
    this.#watch.stop();
    this.arrays.destroy();
    this.#pool.trim();
    this.#pool.destroyDoomed();
    this.#uniforms.destroy();
    this.#readback.destroy();
  }

  /** Where commands go: to the device, or into a recording. */
  get #sink(): CommandSink {
    return this.#captures.recording ?? this.#commands;
  }

  #assertUsable(): void {
    if (this.#destroyed) throw new UsageError("this Gpu was destroyed\nMake a new one.");
    if (this.#watch.failure !== undefined) throw this.#watch.failure;
  }

  async #settle(): Promise<void> {
    if (this.pipelines.unchecked) await this.#wait(this.pipelines.checked());
    if (this.#watch.failure !== undefined) throw this.#watch.failure;
  }
}
