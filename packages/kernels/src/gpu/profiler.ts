import { BufferUsage } from "./flags.ts";

/** Time of one kernel over a profile. */
export interface KernelTime {
  readonly name: string;
  readonly dispatches: number;
  /** Sum over the dispatches, in milliseconds. */
  readonly ms: number;
}

/** One dispatch in order. */
export interface DispatchTime {
  readonly name: string;
  /** Start since the first dispatch of the profile, in milliseconds. */
  readonly startMs: number;
  readonly ms: number;
}

const QUERIES = 4096;

interface Batch {
  readonly names: string[];
  readonly readback: GPUBuffer;
}

/**
 * Timestamps around every dispatch (each gets a pass of its own while profiling). Queries are
 * resolved in batches, once per submit, never with a wait per dispatch.
 */
export class Profiler {
  readonly #device: GPUDevice;
  readonly #querySet: GPUQuerySet;
  readonly #resolve: GPUBuffer;
  #names: string[] = [];
  #batches: Batch[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#querySet = device.createQuerySet({ type: "timestamp", count: QUERIES });
    this.#resolve = device.createBuffer({
      size: QUERIES * 8,
      usage: BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC,
    });
  }

  /** Whether the next dispatch needs a `resolve` and a submit first. */
  get isFull(): boolean {
    return this.#names.length * 2 >= QUERIES;
  }

  /** The pass descriptor of the next dispatch. */
  next(name: string): GPUComputePassDescriptor {
    const first = this.#names.length * 2;
    this.#names.push(name);
    return {
      timestampWrites: {
        querySet: this.#querySet,
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      },
    };
  }

  /** Encodes the resolution of what was recorded since the last submit. */
  resolve(encoder: GPUCommandEncoder): void {
    if (this.#names.length === 0) return;
    const count = this.#names.length * 2;
    const readback = this.#device.createBuffer({
      size: count * 8,
      usage: BufferUsage.COPY_DST | 0x0001,
    });
    encoder.resolveQuerySet(this.#querySet, 0, count, this.#resolve, 0);
    encoder.copyBufferToBuffer(this.#resolve, 0, readback, 0, count * 8);
    this.#batches.push({ names: this.#names, readback });
    this.#names = [];
  }

  /** Every dispatch in order; ends the profile. */
  async finish(wait: <T>(promise: Promise<T>) => Promise<T>): Promise<DispatchTime[]> {
    const rows: DispatchTime[] = [];
    let origin: bigint | undefined;
    for (const { names, readback } of this.#batches) {
      await wait(readback.mapAsync(1));
      const stamps = new BigUint64Array(readback.getMappedRange());
      for (let i = 0; i < names.length; i++) {
        const start = stamps[2 * i] ?? 0n;
        const end = stamps[2 * i + 1] ?? 0n;
        origin ??= start;
        rows.push({
          name: names[i] as string,
          startMs: Number(start - origin) / 1e6,
          ms: Number(end - start) / 1e6,
        });
      }
      readback.unmap();
      readback.destroy();
    }
    this.#querySet.destroy();
    this.#resolve.destroy();
    return rows;
  }
}

/** Sums a profile by kernel, the longest first. */
export function byKernel(rows: readonly DispatchTime[]): KernelTime[] {
  const sums = new Map<string, { dispatches: number; ms: number }>();
  for (const { name, ms } of rows) {
    const sum = sums.get(name) ?? { dispatches: 0, ms: 0 };
    sum.dispatches++;
    sum.ms += ms;
    sums.set(name, sum);
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.ms - a.ms);
}
