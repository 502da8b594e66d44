// A weight may be larger than any one array of the device: VGG16's first dense layer has 392 MiB,
// Idinvert's last one 448, and WebGPU promises 128. PyTorch's first axis is what the outputs are
// counted by, so a run of its rows is the weight of a layer with fewer outputs, and lies together
// in a checkpoint: each becomes a parameter of its own, of the same layout.

import { formatShape, type Gpu, numel, type Shape, UsageError } from "@fauxgrad/kernels";
import type { Random } from "../random.ts";
import type { Tensor } from "../tensor.ts";
import {
  type HostTensorLike,
  Parameter,
  type StateOptions,
  type StateTensor,
} from "./parameter.ts";

/** Options of a {@link ChunkedParameter}. */
export interface ChunkedParameterOptions extends StateOptions {
  /** Bytes of a chunk at most; default: what the device allows. */
  readonly maxChunkBytes?: number;
}

/** Rows of a chunk are a multiple of this, except the last one's: whole vectors of outputs. */
const ROWS = 4;

/**
 * A parameter that lies on the device in as many chunks of its first axis (PyTorch's) as the device
 * needs; in the state dict it is one tensor. Chunks receive gradients, but optimizers, which know a
 * parameter as one tensor, take it only where one chunk suffices.
 */
export class ChunkedParameter extends Parameter {
  readonly #options: ChunkedParameterOptions;
  #chunks: readonly Parameter[] = [];

  constructor(shape: Shape, options: ChunkedParameterOptions) {
    super(shape, options);
    this.#options = options;
  }

  /** The chunks, in the order of the first axis. */
  override get tensors(): readonly Tensor[] {
    return this.#chunks.map(({ tensor }) => tensor);
  }

  override get isOnDevice(): boolean {
    return this.#chunks.length > 0;
  }

  /**
   * The values, if they are one chunk.
   *
   * @throws {UsageError} while the module is a description, or if there are several chunks
   */
  override get tensor(): Tensor {
    const [first, ...others] = this.tensors;
    if (first === undefined) return super.tensor;
    if (others.length === 0) return first;
    throw new UsageError(
      `ChunkedParameter ${formatShape(this.shape)} lies in ${others.length + 1} chunks here\n` +
        "Use tensors. To train the others of its network, freeze it and leave it out of the " +
        "optimizer; to train it, open a device with larger buffers.",
    );
  }

  override initialize(gpu: Gpu, random: Random): void {
    const data = this.#options.init(this.shape, random);
    this.assign(gpu, { dtype: "float32", shape: this.shape, data });
  }

  override assign(gpu: Gpu, { dtype, data }: HostTensorLike): void {
    if (!this.isOnDevice) this.#chunks = this.#split(gpu);
    let first = 0;
    for (const chunk of this.#chunks) {
      chunk.assign(gpu, { dtype, shape: chunk.shape, data: part(data, first, chunk.size) });
      first += chunk.size;
    }
  }

  override copyFrom(source: ChunkedParameter): void {
    const [first] = source.tensors;
    if (!this.isOnDevice && first !== undefined) this.#chunks = this.#split(first.gpu);
    for (const [i, chunk] of this.#chunks.entries()) {
      const theirs = source.#chunks[i];
      if (theirs !== undefined) chunk.copyFrom(theirs);
    }
  }

  override async read(): Promise<StateTensor> {
    const data = new Float32Array(this.size);
    let first = 0;
    for (const chunk of this.#chunks) {
      data.set((await chunk.read()).data as Float32Array, first);
      first += chunk.size;
    }
    return { dtype: "float32", shape: this.shape, data };
  }

  override dispose(): void {
    for (const chunk of this.#chunks) chunk.dispose();
    this.#chunks = [];
  }

  #split(gpu: Gpu): readonly Parameter[] {
    const { init, layout, maxChunkBytes = gpu.maxArrayBytes } = this.#options;
    const [rows = 1, ...rest] = this.shape;
    const most = Math.max(ROWS, Math.floor(maxChunkBytes / (4 * numel(rest) * ROWS)) * ROWS);
    const count = Math.ceil(rows / most);
    const each = Math.ceil(rows / count / ROWS) * ROWS;
    return Array.from({ length: Math.ceil(rows / each) }, (_, i) => {
      const shape = [Math.min(each, rows - i * each), ...rest];
      const chunk = new Parameter(shape, layout === undefined ? { init } : { init, layout });
      chunk.requiresGrad = this.requiresGrad;
      return chunk;
    });
  }
}

/** A run of values, without a copy where they are floats already. */
function part(values: HostTensorLike["data"], first: number, count: number): Float32Array {
  if (values instanceof Float32Array) return values.subarray(first, first + count);
  return Float32Array.from({ length: count }, (_, i) => Number(values[first + i]));
}
