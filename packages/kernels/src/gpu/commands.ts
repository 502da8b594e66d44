import { DeviceError, UsageError } from "../errors.ts";
import type { BindGroupCache } from "./bind-groups.ts";
import type { Program, ProgramDispatch, ProgramTransfer } from "./capture/program.ts";
import type { Storage } from "./gpu-array.ts";
import type { Pipeline } from "./pipelines.ts";
import { byKernel, type DispatchTime, type KernelTime, Profiler } from "./profiler.ts";
import type { UniformCache } from "./uniforms.ts";
import type { Wait } from "./wait.ts";
import type { Workgroups } from "./workgroups.ts";

/** Dispatches encoded before they are submitted, so that the device starts while we encode. */
const DISPATCHES_PER_SUBMIT = 128;

/** What {@link CommandStream.profile} measured. */
export interface Profile {
  readonly kernels: KernelTime[];
  readonly dispatches: DispatchTime[];
}

/** Parameters of a dispatch as the host has them now. */
export type LiveParams = () => Uint32Array<ArrayBuffer>;

/** One dispatch. */
export interface DispatchRequest {
  readonly pipeline: Pipeline;
  readonly storages: readonly Storage[];
  /** May be used for something else after the call. */
  readonly params: Uint32Array<ArrayBuffer>;
  readonly workgroups: Workgroups;
  /** Where the parameters may differ from step to step: how a replay gets them. */
  readonly live: LiveParams | undefined;
}

/** Takes commands: the device's encoder, or a recording. */
export interface CommandSink {
  dispatch(request: DispatchRequest): void;
  /** Fills the first `bytes` with zeros. */
  clear(target: Storage, bytes: number): void;
  /** Copies the first `bytes`. */
  copy(source: Storage, target: Storage, bytes: number): void;
}

/**
 * The command encoder of a `Gpu`: one encoder and one compute pass until a copy or a submit ends
 * them. What is bound already is not bound again.
 */
export class CommandStream implements CommandSink {
  readonly #device: GPUDevice;
  readonly #gridLimit: number;
  readonly #bindGroups: BindGroupCache;
  readonly #uniforms: UniformCache;
  readonly #onSubmit: () => void;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #boundPipeline: Pipeline | undefined;
  #boundGroup: GPUBindGroup | undefined;
  #profiler: Profiler | undefined;
  #encoded = 0;
  #dispatches = 0;
  #submits = 0;

  constructor(
    device: GPUDevice,
    bindGroups: BindGroupCache,
    uniforms: UniformCache,
    onSubmit: () => void,
  ) {
    this.#device = device;
    this.#gridLimit = device.limits.maxComputeWorkgroupsPerDimension;
    this.#bindGroups = bindGroups;
    this.#uniforms = uniforms;
    this.#onSubmit = onSubmit;
  }

  get dispatches(): number {
    return this.#dispatches;
  }

  get submits(): number {
    return this.#submits;
  }

  /** @throws {DeviceError} if the grid is above the device's limit */
  assertGrid({ pipeline, workgroups }: DispatchRequest): void {
    const [x, y = 1, z = 1] = workgroups;
    if (x <= this.#gridLimit && y <= this.#gridLimit && z <= this.#gridLimit) return;
    const limit = this.#gridLimit;
    throw new DeviceError(
      "limit",
      `${pipeline.name}: [${x}, ${y}, ${z}] workgroups exceed ${limit} per dimension\n` +
        "Split the batch.",
    );
  }

  dispatch({ pipeline, storages, params, workgroups }: DispatchRequest): void {
    const [x, y = 1, z = 1] = workgroups;
    const inline = pipeline.immediates || pipeline.paramBytes === 0;
    const uniform = inline ? undefined : this.#uniforms.get(params, pipeline.paramBytes);
    const group = this.#bindGroups.get(pipeline, storages, uniform);
    const count = pipeline.immediates ? pipeline.paramBytes / 4 : 0;
    this.#encodeDispatch({ kind: "dispatch", pipeline, group, at: 0, count, x, y, z }, params);
  }

  clear(target: Storage, bytes: number): void {
    this.#endPass();
    this.#commands().clearBuffer(target.pooled.buffer, 0, bytes);
  }

  copy(source: Storage, target: Storage, bytes: number): void {
    this.readBack(source, target.pooled.buffer, bytes);
  }

  /** Copies the first `bytes` into a buffer that is no array's. */
  readBack(source: Storage, target: GPUBuffer, bytes: number): void {
    this.#endPass();
    this.#commands().copyBufferToBuffer(source.pooled.buffer, 0, target, 0, bytes);
  }

  /** Encodes a captured step. */
  replay({ commands, words }: Program): void {
    for (const command of commands) {
      if (command.kind === "dispatch") this.#encodeDispatch(command, words);
      else this.#transfer(command);
    }
  }

  /** Submits what is encoded. */
  submit(): void {
    if (this.#encoder === undefined) return;
    this.#endPass();
    this.#profiler?.resolve(this.#encoder);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.#encoded = 0;
    this.#submits++;
    this.#onSubmit();
  }

  /** Forgets what is encoded: the device cannot take it any more. */
  abandon(): void {
    this.#encoder = undefined;
    this.#pass = undefined;
    this.#encoded = 0;
  }

  /**
   * Times every dispatch that `work` encodes.
   *
   * @throws {DeviceError} without the `timestamp-query` feature
   * @throws {UsageError} inside another profile
   */
  async profile(work: () => void | Promise<void>, wait: Wait): Promise<Profile> {
    if (!this.#device.features.has("timestamp-query")) {
      throw new DeviceError("limit", "profile: this device was opened without timestamp-query");
    }
    if (this.#profiler !== undefined) throw new UsageError("profile: a profile is under way");
    this.submit();
    const profiler = new Profiler(this.#device);
    this.#profiler = profiler;
    try {
      await work();
      this.submit();
    } finally {
      this.#profiler = undefined;
    }
    const dispatches = await profiler.finish(wait);
    return { kernels: byKernel(dispatches), dispatches };
  }

  #encodeDispatch(
    { pipeline, group, at, count, x, y, z }: ProgramDispatch,
    words: Uint32Array<ArrayBuffer>,
  ): void {
    const pass = this.#pass ?? this.#computePass(pipeline.name);
    if (this.#boundPipeline !== pipeline) {
      pass.setPipeline(pipeline.pipeline);
      this.#boundPipeline = pipeline;
    }
    if (this.#boundGroup !== group) {
      pass.setBindGroup(0, group);
      this.#boundGroup = group;
    }
    if (count > 0) pass.setImmediates(0, words, at, count);
    pass.dispatchWorkgroups(x, y, z);
    this.#dispatches++;
    if (this.#profiler !== undefined) this.#endPass();
    if (++this.#encoded >= DISPATCHES_PER_SUBMIT || this.#profiler?.isFull) this.submit();
  }

  #transfer({ source, target, bytes }: ProgramTransfer): void {
    this.#endPass();
    const encoder = this.#commands();
    if (source === null) encoder.clearBuffer(target.buffer, target.offset, bytes);
    else {
      encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, bytes);
    }
  }

  #commands(): GPUCommandEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }

  #computePass(name: string): GPUComputePassEncoder {
    this.#pass ??= this.#commands().beginComputePass(this.#profiler?.next(name));
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
    this.#boundPipeline = undefined;
    this.#boundGroup = undefined;
  }
}
