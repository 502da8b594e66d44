import type { UniformBuffer } from "./bind-groups.ts";
import { BufferUsage } from "./flags.ts";

const CAPACITY = 4096;

interface Entry extends UniformBuffer {
  readonly words: Uint32Array<ArrayBuffer>;
}

/**
 * Parameters as uniform buffers, one per distinct content: a network asks for the same sizes on
 * every step, so buffers and bind groups are reused. Used where immediates are missing, and for
 * `Params` above the immediates' size.
 */
export class UniformCache {
  readonly #device: GPUDevice;
  // By hash of the contents; entries of one hash are compared word by word.
  readonly #buckets = new Map<number, Entry[]>();
  #size = 0;
  readonly #onDestroy: (id: number) => void;
  #doomed: UniformBuffer[] = [];
  // Ids are negative, so that they never meet those of the buffer pool.
  #nextId = -1;

  constructor(device: GPUDevice, onDestroy: (id: number) => void) {
    this.#device = device;
    this.#onDestroy = onDestroy;
  }

  /** The buffer that holds the first `bytes` of `words`. */
  get(words: Uint32Array<ArrayBuffer>, bytes: number): UniformBuffer {
    const count = bytes / 4;
    const hash = hashWords(words, count);
    const bucket = this.#buckets.get(hash);
    const cached = bucket?.find((entry) => equalWords(entry.words, words, count));
    if (cached !== undefined) return cached;
    const buffer = this.#device.createBuffer({
      // Uniform structs are bound at a multiple of 16 bytes.
      size: Math.ceil(bytes / 16) * 16,
      usage: BufferUsage.UNIFORM | BufferUsage.COPY_DST,
    });
    this.#device.queue.writeBuffer(buffer, 0, words, 0, count);
    const uniform = { id: this.#nextId--, buffer, words: words.slice(0, count) };
    if (this.#size >= CAPACITY) this.#evict();
    if (bucket === undefined || !this.#buckets.has(hash)) this.#buckets.set(hash, [uniform]);
    else bucket.push(uniform);
    this.#size++;
    return uniform;
  }

  /** Destroys what was evicted; call right after a submit. */
  destroyDoomed(): void {
    for (const uniform of this.#doomed) {
      this.#onDestroy(uniform.id);
      uniform.buffer.destroy();
    }
    this.#doomed = [];
  }

  destroy(): void {
    this.destroyDoomed();
    for (const bucket of this.#buckets.values()) {
      for (const uniform of bucket) uniform.buffer.destroy();
    }
    this.#buckets.clear();
    this.#size = 0;
  }

  /** Drops the oldest bucket. */
  #evict(): void {
    const [hash, bucket] = this.#buckets.entries().next().value as [number, Entry[]];
    this.#buckets.delete(hash);
    this.#size -= bucket.length;
    this.#doomed.push(...bucket);
  }
}

/** FNV-1a over words. */
function hashWords(words: Uint32Array, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
  return hash;
}

function equalWords(a: Uint32Array, b: Uint32Array, count: number): boolean {
  if (a.length !== count) return false;
  for (let i = 0; i < count; i++) if (a[i] !== b[i]) return false;
  return true;
}
