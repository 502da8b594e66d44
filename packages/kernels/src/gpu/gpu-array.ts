import { ShapeError, UsageError } from "../errors.ts";
import { bytesOf, type DType, formatShape, numel, type Shape } from "../shape.ts";
import type { PooledBuffer } from "./buffer-pool.ts";
import type { Gpu } from "./gpu.ts";
import { float16ToFloat32 } from "./half.ts";

/** A buffer shared by the arrays that view it: the handles are counted, the last one frees it. */
export class Storage {
  /** Assigned anew when a capture has planned the memory of an array that was made inside. */
  pooled: PooledBuffer;
  /** Of the contents; the buffer may be larger. */
  readonly bytes: number;
  /** Grows with every kernel that writes the buffer. */
  version = 0;
  references = 1;
  /** Where the array was made, when the `Gpu` tracks that. */
  stack: string | undefined;
  #derived: Map<string, GpuArray> | undefined;

  constructor(pooled: PooledBuffer, bytes: number) {
    this.pooled = pooled;
    this.bytes = bytes;
  }

  /** Called for each write: what was computed from the old contents is dropped. */
  touch(): void {
    this.version++;
    if (this.#derived !== undefined) this.dropDerived();
  }

  derived(key: string): GpuArray | undefined {
    return this.#derived?.get(key);
  }

  keepDerived(key: string, array: GpuArray): void {
    this.#derived ??= new Map();
    this.#derived.set(key, array);
  }

  /** @param of only what has one of these storages; default: everything */
  dropDerived(of?: ReadonlySet<Storage>): void {
    const derived = this.#derived;
    if (derived === undefined) return;
    if (of === undefined) this.#derived = undefined;
    for (const [key, array] of derived) {
      if (of !== undefined && !of.has(array.storage)) continue;
      derived.delete(key);
      array.dispose();
    }
  }
}

/**
 * An array on the device: shape, element type and a buffer. Contiguous, row-major, no history.
 *
 * It is a handle: {@link retain} and {@link reshape} make further handles of the same buffer, and
 * the buffer returns to the pool when the last is disposed.
 */
export class GpuArray {
  readonly gpu: Gpu;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly #storage: Storage;
  #disposed = false;

  constructor(gpu: Gpu, storage: Storage, shape: Shape, dtype: DType) {
    this.gpu = gpu;
    this.shape = shape;
    this.dtype = dtype;
    this.#storage = storage;
    gpu.arrays.register(this, storage);
  }

  /** Number of elements. */
  get size(): number {
    return numel(this.shape);
  }

  /** Bytes of the contents, in whole words (the buffer may be larger). */
  get bytes(): number {
    return bytesOf(this.shape, this.dtype);
  }

  /** Whether this handle was disposed. */
  get isDisposed(): boolean {
    return this.#disposed;
  }

  /**
   * The buffer behind the handle.
   *
   * @throws {UsageError} after `dispose`
   */
  get storage(): Storage {
    if (this.#disposed) {
      throw new UsageError(
        `array ${formatShape(this.shape)} was freed\n` +
          "Keep a handle with retain(), or return it from its scope.",
      );
    }
    return this.#storage;
  }

  /** Another handle of the same buffer. */
  retain(): GpuArray {
    return this.reshape(this.shape);
  }

  /**
   * The same elements under another shape; shares the buffer.
   *
   * @throws {ShapeError} if the number of elements differs
   */
  reshape(shape: Shape): GpuArray {
    if (numel(shape) !== this.size) {
      throw new ShapeError(
        `reshape: ${this.size} elements do not fill ${formatShape(shape)} (${numel(shape)})\n` +
          `  input  ${formatShape(this.shape)}`,
      );
    }
    const storage = this.storage;
    storage.references++;
    return new GpuArray(this.gpu, storage, shape, this.dtype);
  }

  /** Copies the elements to the host, f16 as f32. */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    const bytes = await this.gpu.read(this);
    if (this.dtype === "f16") return float16ToFloat32(new Uint16Array(bytes, 0, this.size));
    return new Float32Array(bytes);
  }

  /** Gives this handle up; harmless when repeated. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gpu.arrays.unregister(this, this.#storage);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
