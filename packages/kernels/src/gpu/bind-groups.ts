import type { Storage } from "./gpu-array.ts";
import type { Pipeline } from "./pipelines.ts";

/** Parameters as a uniform buffer, for devices without immediates. */
export interface UniformBuffer {
  readonly id: number;
  readonly buffer: GPUBuffer;
}

const CAPACITY = 1 << 14;

/**
 * Bind groups by layout and buffers: creating one costs 29 µs of CPU on Vulkan, looking one up
 * well under one. Entries go when a buffer of theirs is destroyed, and oldest-first beyond the cap.
 */
export class BindGroupCache {
  readonly #device: GPUDevice;
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #keysOfBuffer = new Map<number, Set<string>>();
  #created = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Bind groups created so far: constant in steady state. */
  get created(): number {
    return this.#created;
  }

  get(
    pipeline: Pipeline,
    storages: readonly Storage[],
    uniform: UniformBuffer | undefined,
  ): GPUBindGroup {
    let key = `${pipeline.layoutId}`;
    for (let i = 0; i < storages.length; i++) key += `,${(storages[i] as Storage).pooled.id}`;
    if (uniform !== undefined) key += `,${uniform.id}`;
    const cached = this.#groups.get(key);
    if (cached !== undefined) return cached;
    return this.#create(key, pipeline, storages, uniform);
  }

  /** Drops every bind group that refers to a destroyed buffer. */
  forget(bufferId: number): void {
    const keys = this.#keysOfBuffer.get(bufferId);
    if (keys === undefined) return;
    for (const key of keys) this.#groups.delete(key);
    this.#keysOfBuffer.delete(bufferId);
  }

  #create(
    key: string,
    pipeline: Pipeline,
    storages: readonly Storage[],
    uniform: UniformBuffer | undefined,
  ): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = storages.map(({ pooled }, binding) => ({
      binding,
      resource: { buffer: pooled.buffer },
    }));
    if (uniform !== undefined) {
      entries.push({ binding: storages.length, resource: { buffer: uniform.buffer } });
    }
    const group = this.#device.createBindGroup({ layout: pipeline.layout, entries });
    this.#created++;
    if (this.#groups.size >= CAPACITY) {
      const oldest = this.#groups.keys().next().value;
      if (oldest !== undefined) this.#groups.delete(oldest);
    }
    this.#groups.set(key, group);
    const ids = storages.map((storage) => storage.pooled.id);
    for (const id of uniform === undefined ? ids : [...ids, uniform.id]) {
      const keys = this.#keysOfBuffer.get(id) ?? new Set();
      keys.add(key);
      this.#keysOfBuffer.set(id, keys);
    }
    return group;
  }
}
