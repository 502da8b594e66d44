// Buffers of freed arrays are kept and handed out again: creating one costs 6 µs and a later bind
// group 29 µs, while an array lives for two dispatches.
//
// Sizes are rounded up to eight classes per octave (at most 12.5 % waste). Within a class the free
// buffer with the lowest id is taken, not the most recently freed: then the same sequence of
// operations gets the same buffers on every step, and the bind-group cache hits from the second on.

import { DeviceError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { BufferUsage } from "./flags.ts";

/** A buffer of the pool with its class size. */
export interface PooledBuffer {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** Sizes of the pool, in bytes. */
export interface PoolStats {
  /** Held by arrays. */
  readonly liveBytes: number;
  /** Free, kept for reuse. */
  readonly idleBytes: number;
  /** The highest `liveBytes` since the last `resetPeak`. */
  readonly peakLiveBytes: number;
  /** The highest `liveBytes + idleBytes` since the last `resetPeak`. */
  readonly peakBytes: number;
  /** Buffers created so far. */
  readonly created: number;
}

/** Limits of a pool, in bytes. */
export interface PoolOptions {
  /** Refuse to hold more than this in all. */
  readonly maxBytes: number;
  /** Destroy freed buffers instead of keeping more than this. */
  readonly maxIdleBytes: number;
}

/** What is asked for, in errors: the shape of an array, put into words only there. */
type Named = string | Shape;

function named(what: Named): string {
  return typeof what === "string" ? what : `array ${formatShape(what)}`;
}

const SMALLEST = 256;
const MIB = 2 ** 20;

/** The class size for a request: the next multiple of an eighth of its octave. */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const octave = 2 ** Math.floor(Math.log2(bytes));
  const step = Math.max(octave / 8, SMALLEST / 8);
  return Math.ceil(bytes / step) * step;
}

/** The largest class size of at most `limit` bytes: what one buffer may hold. */
export function largestClass(limit: number): number {
  const step = 2 ** Math.floor(Math.log2(limit)) / 8;
  return Math.floor(limit / step) * step;
}

const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;

/** Free buffers of one device by size class. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #options: PoolOptions;
  readonly #free = new Map<number, PooledBuffer[]>();
  readonly #onDestroy: (id: number) => void;
  #doomed: PooledBuffer[] = [];
  #nextId = 1;
  #live = 0;
  #idle = 0;
  #peakLive = 0;
  #peak = 0;

  constructor(device: GPUDevice, options: PoolOptions, onDestroy: (id: number) => void) {
    this.#device = device;
    this.#options = options;
    this.#onDestroy = onDestroy;
  }

  get stats(): PoolStats {
    return {
      liveBytes: this.#live,
      idleBytes: this.#idle,
      peakLiveBytes: this.#peakLive,
      peakBytes: this.#peak,
      created: this.#nextId - 1,
    };
  }

  /** Bytes of the largest array that the device's limits allow. */
  get maxArrayBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    return largestClass(Math.min(maxBufferSize, maxStorageBufferBindingSize));
  }

  /** Starts measuring peaks from the present state. */
  resetPeak(): void {
    this.#peakLive = this.#live;
    this.#peak = this.#live + this.#idle;
  }

  /**
   * A buffer of at least `bytes`; its contents are undefined.
   *
   * @param what names the request in errors
   * @param flush submits encoded work, so that idle buffers may be destroyed
   * @throws {DeviceError} `limit` or `out-of-memory`, before anything is created
   */
  acquire(bytes: number, what: Named, flush: () => void): PooledBuffer {
    const size = sizeClass(bytes);
    const free = this.#free.get(size)?.shift();
    if (free !== undefined) {
      this.#idle -= size;
      this.#addLive(size);
      return free;
    }
    this.withinLimits(bytes, what);
    return this.#create(size, what, flush);
  }

  /**
   * A buffer of exactly `bytes`, which is given back by {@link discard}.
   *
   * @throws {DeviceError} `out-of-memory`, before anything is created
   */
  acquireExact(bytes: number, what: Named, flush: () => void): PooledBuffer {
    return this.#create(bytes, what, flush);
  }

  /**
   * The same number of bytes, if one array may have as many.
   *
   * @throws {DeviceError} `limit` if not
   */
  withinLimits(bytes: number, what: Named): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (sizeClass(bytes) <= limit) return bytes;
    throw new DeviceError(
      "limit",
      `${named(what)}: one array of ${mib(bytes)} is above this adapter's limit of ${mib(limit)}\n` +
        `  maxStorageBufferBindingSize  ${mib(maxStorageBufferBindingSize)}\n` +
        `  maxBufferSize                ${mib(maxBufferSize)}\n` +
        "Use a smaller batch or image; a Gpu opened with the adapter's own limits may allow more.",
    );
  }

  /** Takes a buffer back. Work already encoded may still use it. */
  release(pooled: PooledBuffer): void {
    this.#live -= pooled.bytes;
    if (this.#idle + pooled.bytes > this.#options.maxIdleBytes) {
      this.#doomed.push(pooled);
      return;
    }
    this.#idle += pooled.bytes;
    let free = this.#free.get(pooled.bytes);
    if (free === undefined) {
      free = [];
      this.#free.set(pooled.bytes, free);
    }
    let at = free.length;
    while (at > 0 && (free[at - 1] as PooledBuffer).id > pooled.id) at--;
    free.splice(at, 0, pooled);
  }

  /** Takes a buffer back that is not to be used again. Work already encoded may still use it. */
  discard(pooled: PooledBuffer): void {
    this.#live -= pooled.bytes;
    this.#doomed.push(pooled);
  }

  /** Destroys what was released above the cap; call right after a submit. */
  destroyDoomed(): void {
    for (const pooled of this.#doomed) this.#destroy(pooled);
    this.#doomed = [];
  }

  /** Destroys every idle buffer; call right after a submit. */
  trim(): void {
    for (const free of this.#free.values()) {
      for (const pooled of free) this.#destroy(pooled);
    }
    this.#free.clear();
    this.#idle = 0;
  }

  #create(size: number, what: Named, flush: () => void): PooledBuffer {
    if (this.#live + this.#idle + size > this.#options.maxBytes && this.#idle > 0) {
      flush();
      this.trim();
    }
    if (this.#live + size > this.#options.maxBytes) {
      throw new DeviceError(
        "out-of-memory",
        `${named(what)}: ${mib(size)} more would exceed the memory budget\n` +
          `  in use  ${mib(this.#live)}\n  budget  ${mib(this.#options.maxBytes)}\n` +
          "Use a smaller batch or image, free arrays earlier, or raise maxBytes.",
      );
    }
    const buffer = this.#device.createBuffer({
      size,
      usage: BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST,
    });
    this.#addLive(size);
    return { id: this.#nextId++, buffer, bytes: size };
  }

  #destroy(pooled: PooledBuffer): void {
    this.#onDestroy(pooled.id);
    pooled.buffer.destroy();
  }

  #addLive(size: number): void {
    this.#live += size;
    this.#peakLive = Math.max(this.#peakLive, this.#live);
    this.#peak = Math.max(this.#peak, this.#live + this.#idle);
  }
}
