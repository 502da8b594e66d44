import {
  castTo,
  type FloatDType,
  formatShape,
  type Gpu,
  numel,
  type Shape,
  UsageError,
} from "@fauxgrad/kernels";
import type { Random } from "../random.ts";
import { Tensor } from "../tensor.ts";
import type { Initializer } from "./init.ts";
import { deviceShape, type Layout, toDeviceOrder, toTorchOrder, unchanged } from "./layout.ts";

/** A tensor of a checkpoint: PyTorch's shape and order, row-major. */
export interface HostTensorLike {
  /** PyTorch's name; 16-bit floats must have been converted to float32. */
  readonly dtype: string;
  readonly shape: Shape;
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
}

/** A tensor of a state dict: PyTorch's shape and order, row-major. */
export type StateTensor =
  | {
      readonly dtype: "float32";
      readonly shape: Shape;
      readonly data: Float32Array<ArrayBuffer>;
    }
  | {
      readonly dtype: "int64";
      readonly shape: Shape;
      readonly data: BigInt64Array<ArrayBuffer>;
    };

/** Options of a {@link Parameter} or {@link Buffer}. */
export interface StateOptions {
  /** First values, if no checkpoint gives them. */
  readonly init: Initializer;
  /** How PyTorch's array lies in our memory. */
  readonly layout?: Layout;
}

/** An array that belongs to a module: a description until it is on a device. */
abstract class ModuleState {
  /** PyTorch's shape; the tensor's follows from the layout. */
  readonly shape: Shape;
  readonly layout: Layout;
  readonly #init: Initializer;
  #tensor: Tensor | null = null;

  constructor(shape: Shape, { init, layout = unchanged }: StateOptions) {
    this.shape = shape;
    this.layout = layout;
    this.#init = init;
    // A layout that does not fit is noticed where the module is written.
    deviceShape(layout, shape);
  }

  /** Number of elements. */
  get size(): number {
    return numel(this.shape);
  }

  /** Whether the values are on a device. */
  get isOnDevice(): boolean {
    return this.#tensor !== null;
  }

  /**
   * The values on the device, in our order.
   *
   * @throws {UsageError} while the module is a description
   */
  get tensor(): Tensor {
    if (this.#tensor === null) {
      throw new UsageError(
        `${this.constructor.name} ${formatShape(this.shape)} is still a description\n` +
          "Call to(gpu, { seed }) or load(gpu, tensors) on its module first.",
      );
    }
    return this.#tensor;
  }

  /** Puts initial values on the device. */
  initialize(gpu: Gpu, random: Random): void {
    this.#put(gpu, this.#init(this.shape, random));
  }

  /** Puts values in PyTorch's order on the device; in place if some are there already. */
  assign(gpu: Gpu, { data }: HostTensorLike): void {
    this.#put(
      gpu,
      data instanceof Float32Array ? ownFloats(data) : Float32Array.from(data, Number),
    );
  }

  /** Copies another's values, on the device; in place if some are there already. */
  copyFrom(source: ModuleState): void {
    const { gpu, data } = source.tensor;
    this.#tensor ??= this.#made(new Tensor(gpu.empty(data.shape, data.dtype), { owner: null }));
    gpu.copy(data, this.#tensor.data);
  }

  /** Keeps the values as `dtype` from now on. What is trained stays f32: see `castWeights`. */
  castTo(dtype: FloatDType): void {
    const { data } = this.tensor;
    if (data.dtype === dtype) return;
    const cast = new Tensor(castTo(data.gpu, data, dtype), { owner: null });
    this.dispose();
    this.#tensor = this.#made(cast);
  }

  /** Copies the values to the host, in PyTorch's order. */
  async read(): Promise<StateTensor> {
    const data = toTorchOrder(this.layout, this.shape, await this.tensor.read());
    return { dtype: "float32", shape: this.shape, data };
  }

  /** Frees the device memory: a description again. */
  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = null;
  }

  /** Called when the tensor was made. */
  protected onDevice(_tensor: Tensor): void {}

  #put(gpu: Gpu, values: Float32Array<ArrayBuffer>): void {
    const ordered = toDeviceOrder(this.layout, this.shape, values);
    if (this.#tensor !== null) {
      gpu.write(this.#tensor.data, ordered);
      return;
    }
    const shape = deviceShape(this.layout, this.shape);
    // The module owns it, not the scope in which it happens to be loaded.
    this.#tensor = this.#made(new Tensor(gpu.upload(ordered, shape), { owner: null }));
  }

  #made(tensor: Tensor): Tensor {
    this.onDevice(tensor);
    return tensor;
  }
}

function ownFloats(data: Float32Array): Float32Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer
    ? (data as Float32Array<ArrayBuffer>)
    : new Float32Array(data);
}

/**
 * What a module learns. Its `shape` is PyTorch's; `tensor` has our layout.
 *
 * @example new Parameter([64, 3, 7, 7], { init: kaimingNormal(), layout: convolution })
 */
export class Parameter extends ModuleState {
  #requiresGrad = true;

  /** Whether training changes it; frozen parameters cost no gradient. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(flag: boolean) {
    this.#requiresGrad = flag;
    for (const tensor of this.tensors) tensor.requiresGrad = flag;
    if (!flag) this.zeroGrad();
  }

  /** What holds the values on the device: nothing while the module is a description. */
  get tensors(): readonly Tensor[] {
    return this.isOnDevice ? [this.tensor] : [];
  }

  /** Frees the gradient, so that the next backward pass starts from none. */
  zeroGrad(): void {
    for (const tensor of this.tensors) tensor.zeroGrad();
  }

  protected override onDevice(tensor: Tensor): void {
    tensor.requiresGrad = this.#requiresGrad;
  }
}

/** Options of a {@link Buffer}. */
export interface BufferOptions extends StateOptions {
  /** Whether it is part of the state dict. */
  readonly persistent?: boolean;
}

/** What a module keeps without learning it: running statistics, a constant kernel. */
export class Buffer extends ModuleState {
  readonly persistent: boolean;

  constructor(shape: Shape, options: BufferOptions) {
    super(shape, options);
    this.persistent = options.persistent ?? true;
  }
}

/** A whole number that a module counts, on the host: PyTorch's `num_batches_tracked`. */
export class Counter {
  readonly shape: Shape = [];
  value = 0;

  /** The value as an int64 scalar. */
  read(): StateTensor {
    return { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(this.value)) };
  }

  assign({ data }: HostTensorLike): void {
    this.value = Number(data[0]);
  }
}
