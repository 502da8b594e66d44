import { BufferUsage, MapMode } from "./flags.ts";
import type { Wait } from "./wait.ts";

const KEPT = 4;

/**
 * A ring of mappable buffers: a readback copies into the smallest free one that fits and maps it.
 * Several readbacks may be under way at once.
 */
export class Readback {
  readonly #device: GPUDevice;
  #free: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A mappable buffer of at least `bytes`. */
  acquire(bytes: number): GPUBuffer {
    const fits = this.#free.filter((buffer) => buffer.size >= bytes);
    const best = fits.sort((a, b) => a.size - b.size)[0];
    if (best !== undefined && best.size <= Math.max(4 * bytes, 1 << 16)) {
      this.#free = this.#free.filter((buffer) => buffer !== best);
      return best;
    }
    return this.#device.createBuffer({
      size: Math.max(1 << 12, 2 ** Math.ceil(Math.log2(bytes))),
      usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
    });
  }

  /** Maps, copies `bytes` out and returns the buffer to the ring. */
  async take(buffer: GPUBuffer, bytes: number, wait: Wait): Promise<ArrayBuffer> {
    await wait(buffer.mapAsync(MapMode.READ, 0, bytes));
    const copy = buffer.getMappedRange(0, bytes).slice(0);
    buffer.unmap();
    this.#free.push(buffer);
    if (this.#free.length > KEPT) {
      this.#free.sort((a, b) => b.size - a.size);
      this.#free.pop()?.destroy();
    }
    return copy;
  }

  destroy(): void {
    for (const buffer of this.#free) buffer.destroy();
    this.#free = [];
  }
}
