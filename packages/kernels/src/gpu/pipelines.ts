import { KernelError } from "../errors.ts";
import { ShaderStage } from "./flags.ts";
import { type Constants, formatCompileError, type Linked } from "./link.ts";

/** How a kernel sees an array. */
export type Access = "read" | "read_write";

/** A compiled kernel, ready to be dispatched. */
export interface Pipeline {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Names the bind-group layout in the bind-group cache. */
  readonly layoutId: number;
  /** How it sees its arrays, in the order of the bindings. */
  readonly accesses: readonly Access[];
  /** Bytes of `Params`. */
  readonly paramBytes: number;
  readonly immediates: boolean;
}

/** What a pipeline is made of. */
export interface PipelineRequest {
  readonly name: string;
  readonly linked: Linked;
  readonly accesses: readonly Access[];
  readonly paramBytes: number;
  readonly immediates: boolean;
  readonly constants: Constants;
}

interface Layout {
  readonly id: number;
  readonly bindGroup: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

/**
 * Compiled kernels of one device, keyed by their linked source, which cannot go stale. Bind-group
 * layouts are explicit and shared by all kernels with the same bindings: bind groups survive a
 * change of pipeline, and Dawn itself rejects a binding used against its declared access.
 */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, Layout>();
  readonly #onError: (error: KernelError) => void;
  readonly #checks = new Set<Promise<void>>();

  constructor(device: GPUDevice, onError: (error: KernelError) => void) {
    this.#device = device;
    this.#onError = onError;
  }

  /** Number of compiled kernels. */
  get size(): number {
    return this.#pipelines.size;
  }

  /** Resolves when every compilation so far was checked; errors went to `onError`. */
  async checked(): Promise<void> {
    await Promise.all(this.#checks);
  }

  /** Whether any compilation is unchecked yet. */
  get unchecked(): boolean {
    return this.#checks.size > 0;
  }

  get(request: PipelineRequest): Pipeline {
    const { linked, name } = request;
    const key = `${request.accesses.join()}\n${linked.source}`;
    const cached = this.#pipelines.get(key);
    if (cached !== undefined) return cached;
    const layout = this.#layout(request);
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ label: name, code: linked.source });
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: layout.pipeline,
      compute: { module, entryPoint: "main" },
    });
    this.#check(request, module);
    const made: Pipeline = {
      name,
      pipeline,
      layout: layout.bindGroup,
      layoutId: layout.id,
      accesses: request.accesses,
      paramBytes: request.paramBytes,
      immediates: request.immediates,
    };
    this.#pipelines.set(key, made);
    return made;
  }

  #check(request: PipelineRequest, module: GPUShaderModule): void {
    const scope = this.#device.popErrorScope();
    const check = scope.then(async (error) => {
      if (error === null) return;
      const { messages } = await module.getCompilationInfo();
      const text = messages.some((message) => message.type === "error")
        ? formatCompileError(request.name, request.linked, request.constants, messages)
        : `${request.name}: ${error.message}`;
      this.#onError(new KernelError(text));
    });
    const settled = check
      .catch((cause: unknown) => this.#onError(new KernelError(`${request.name}: ${cause}`)))
      .finally(() => this.#checks.delete(settled));
    this.#checks.add(settled);
  }

  #layout(request: PipelineRequest): Layout {
    const immediateSize = request.immediates ? request.paramBytes : 0;
    const uniform = !request.immediates && request.paramBytes > 0;
    const bindGroupKey = `${request.accesses.join()}${uniform ? "+params" : ""}`;
    const key = `${bindGroupKey}/${immediateSize}`;
    const cached = this.#layouts.get(key);
    if (cached !== undefined) return cached;
    const sibling = this.#layouts.get(bindGroupKey);
    const bindGroup = sibling?.bindGroup ?? this.#bindGroupLayout(request.accesses, uniform);
    const pipeline = this.#device.createPipelineLayout({
      bindGroupLayouts: [bindGroup],
      ...(immediateSize > 0 ? { immediateSize } : {}),
    });
    const layout = { id: sibling?.id ?? this.#layouts.size, bindGroup, pipeline };
    this.#layouts.set(key, layout);
    if (sibling === undefined) this.#layouts.set(bindGroupKey, layout);
    return layout;
  }

  #bindGroupLayout(accesses: readonly Access[], uniform: boolean): GPUBindGroupLayout {
    const entries: GPUBindGroupLayoutEntry[] = accesses.map((access, binding) => ({
      binding,
      visibility: ShaderStage.COMPUTE,
      buffer: { type: access === "read" ? "read-only-storage" : "storage" },
    }));
    if (uniform) {
      entries.push({
        binding: accesses.length,
        visibility: ShaderStage.COMPUTE,
        buffer: { type: "uniform" },
      });
    }
    return this.#device.createBindGroupLayout({ entries });
  }
}
