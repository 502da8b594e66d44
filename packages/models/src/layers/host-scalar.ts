import type { Gpu } from "@fauxgrad/tensor";
import { Buffer, type HostTensorLike, type StateTensor } from "@fauxgrad/tensor/nn";

/** A number of the state dict that steers the forward pass on the host: a 0-dimensional float32. */
export class HostScalar extends Buffer {
  #value = 0;

  constructor() {
    super([], { init: () => new Float32Array(1) });
  }

  /** A captured step that depends on it is refused once another is loaded. */
  get value(): number {
    if (this.isOnDevice) this.tensor.gpu.pin([this.tensor.data]);
    return this.#value;
  }

  set value(value: number) {
    this.#value = value;
    if (this.isOnDevice) this.tensor.gpu.write(this.tensor.data, [value]);
  }

  override assign(gpu: Gpu, tensor: HostTensorLike): void {
    super.assign(gpu, tensor);
    this.#value = Number(tensor.data[0]);
  }

  override copyFrom(source: Buffer): void {
    super.copyFrom(source);
    if (source instanceof HostScalar) this.#value = source.#value;
  }

  override read(): Promise<StateTensor> {
    return Promise.resolve({ dtype: "float32", shape: [], data: Float32Array.of(this.#value) });
  }
}
