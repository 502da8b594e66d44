import { DeviceError, UsageError } from "../errors.ts";
import type { BindGroupCache } from "./bind-groups.ts";
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

/**
 * The command encoder of a `Gpu`: one encoder and one compute pass until a copy or a submit ends
 * them. What is bound already is not bound again.
 */
export class CommandStream {
  readonly #device: GPUDevice;
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

  /**
   * Encodes one dispatch.
   *
   * @throws {DeviceError} if the grid is above the device's limit
   */
  dispatch(
    pipeline: Pipeline,
    storages: readonly Storage[],
    params: Uint32Array<ArrayBuffer>,
    workgroups: Workgroups,
  ): void {
    const [x, y = 1, z = 1] = workgroups;
    const limit = this.#device.limits.maxComputeWorkgroupsPerDimension;
    if (x > limit || y > limit || z > limit) {
      throw new DeviceError(
        "limit",
        `${pipeline.name}: [${x}, ${y}, ${z}] workgroups exceed ${limit} per dimension\n` +
          "Split the batch.",
      );
    }
    const inline = pipeline.immediates || pipeline.paramBytes === 0;
    const uniform = inline ? undefined : this.#uniforms.get(params, pipeline.paramBytes);
    const group = this.#bindGroups.get(pipeline, storages, uniform);
    const pass = this.#computePass(pipeline.name);
    if (this.#boundPipeline !== pipeline) {
      pass.setPipeline(pipeline.pipeline);
      this.#boundPipeline = pipeline;
    }
    if (this.#boundGroup !== group) {
      pass.setBindGroup(0, group);
      this.#boundGroup = group;
    }
    if (pipeline.immediates) pass.setImmediates(0, params, 0, pipeline.paramBytes / 4);
    pass.dispatchWorkgroups(x, y, z);
    this.#dispatches++;
    if (this.#profiler !== undefined) this.#endPass();
    if (++this.#encoded >= DISPATCHES_PER_SUBMIT || this.#profiler?.isFull) this.submit();
  }

  /** Fills the first `bytes` with zeros. */
  clear(buffer: GPUBuffer, bytes: number): void {
    this.#endPass();
    this.#commands().clearBuffer(buffer, 0, bytes);
  }

  /** Copies the first `bytes`. */
  copy(source: GPUBuffer, target: GPUBuffer, bytes: number): void {
    this.#endPass();
    this.#commands().copyBufferToBuffer(source, 0, target, 0, bytes);
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
