import {
  addInto,
  binary,
  type DType,
  DTypeError,
  formatShape,
  full,
  type Gpu,
  type GpuArray,
  type Shape,
  ShapeError,
  sameShape,
  UsageError,
} from "@fauxgrad/kernels";
import { currentContext, type Owner } from "./context.ts";
import { backpropagate, type GraphNode, type Leaf } from "./graph.ts";

/** How a {@link Tensor} is made from an array. */
export interface TensorInit {
  /** Collect a gradient here; only for tensors that nothing computed. */
  readonly requiresGrad?: boolean;
  /** The operation that computed it. */
  readonly node?: GraphNode | null;
  /** Who frees it; default: the scope around the call. */
  readonly owner?: Owner | null;
}

/** Options of {@link Tensor.backward}. */
export interface BackwardOptions {
  /** Keep what the graph saved, so that backward can be called again. */
  readonly retainGraph?: boolean;
}

/**
 * An array on the device with its history: what it was computed from, if gradients are wanted.
 *
 * It is freed by the {@link scope} it was made in unless it is returned, by `dispose()`, or by
 * `using`. Operations are functions (`conv2d(input, weight)`), not methods.
 */
export class Tensor implements Leaf {
  readonly #data: GpuArray;
  readonly #node: GraphNode | null;
  #requiresGrad: boolean;
  #owner: Owner | null;
  #grad: Tensor | null = null;

  /** A tensor of `data`, which it takes over. */
  constructor(data: GpuArray, { requiresGrad = false, node = null, owner }: TensorInit = {}) {
    this.#data = data;
    this.#node = node;
    this.#requiresGrad = false;
    this.#owner = owner === undefined ? currentContext().owner : owner;
    this.#owner?.add(this);
    if (node !== null) {
      this.#requiresGrad = true;
      return;
    }
    try {
      this.requiresGrad = requiresGrad;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** The array on the device. It belongs to the tensor: `retain()` it to keep it longer. */
  get data(): GpuArray {
    return this.#data;
  }

  get gpu(): Gpu {
    return this.#data.gpu;
  }

  /** Sizes of the axes, outermost first; `[]` is a scalar. */
  get shape(): Shape {
    return this.#data.shape;
  }

  get dtype(): DType {
    return this.#data.dtype;
  }

  /** Number of elements. */
  get size(): number {
    return this.#data.size;
  }

  /** The operation that computed this tensor; null for leaves and where nothing was recorded. */
  get node(): GraphNode | null {
    return this.#node;
  }

  get isDisposed(): boolean {
    return this.#data.isDisposed;
  }

  /** Whether backward passes reach this tensor. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  /**
   * Only leaves can be changed: a frozen weight, an image whose gradient is wanted.
   *
   * @throws {UsageError} if an operation computed the tensor
   * @throws {DTypeError} if its elements are integers, or f16
   */
  set requiresGrad(flag: boolean) {
    if (this.#node !== null && !flag) {
      throw new UsageError(
        `requiresGrad: this tensor was computed by ${this.#node.op}, only leaves can be changed\n` +
          `  tensor  ${formatShape(this.shape)}\nUse detach() for a tensor without history.`,
      );
    }
    if (flag && this.dtype !== "f32") {
      throw new DTypeError(
        `requiresGrad: only f32 tensors have gradients\n` +
          `  tensor  ${formatShape(this.shape)} ${this.dtype}\n` +
          (this.dtype === "f16" ? "Cast it to f32." : "Keep integers as plain tensors."),
      );
    }
    this.#requiresGrad = flag;
  }

  /** `∂loss/∂this`, summed over backward passes; null before the first. Freed with the tensor. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  /** Whether a backward pass should compute a gradient for this leaf. */
  get wantsGrad(): boolean {
    return this.#requiresGrad && !this.isDisposed;
  }

  /** Adds to {@link grad}. The engine calls this; `gradient` is taken over. */
  accumulateGrad(gradient: GpuArray): void {
    const earlier = this.#grad;
    if (earlier === null) {
      this.#grad = new Tensor(ownBuffer(gradient), { owner: null });
    } else if (earlier.data.storage.references === 1) {
      addInto(this.gpu, earlier.data, gradient);
      gradient.dispose();
    } else {
      // Someone keeps the earlier sum under another handle.
      this.#grad = new Tensor(binary(this.gpu, "add", earlier.data, gradient), { owner: null });
      gradient.dispose();
      earlier.dispose();
    }
  }

  /** Frees the gradient, so that the next backward pass starts from none. */
  zeroGrad(): void {
    this.takeGrad()?.dispose();
  }

  /** The gradient, which no longer belongs to this tensor. */
  takeGrad(): Tensor | null {
    const grad = this.#grad;
    this.#grad = null;
    return grad;
  }

  /**
   * Gradients of this tensor with respect to every leaf it was computed from, added to their
   * {@link grad}. Gradients that nobody asked for are not computed. There is no double backward:
   * the gradients themselves have no history.
   *
   * @param gradient `∂loss/∂this`, of this tensor's shape; implied (1) for a single element
   * @throws {UsageError} without history, for several elements without a gradient, a second time
   *   without `retainGraph`, or if a saved array was modified meanwhile
   */
  backward(gradient: Tensor | null = null, { retainGraph = false }: BackwardOptions = {}): void {
    if (!this.#requiresGrad) {
      throw new UsageError(
        "backward: this tensor has no history and does not require a gradient\n" +
          `  tensor  ${formatShape(this.shape)}\n` +
          "Set requiresGrad on a leaf before the forward pass, and run it outside noGrad.",
      );
    }
    const seed = gradient === null ? this.#impliedGradient() : this.#givenGradient(gradient);
    if (this.#node === null) this.accumulateGrad(seed);
    else backpropagate(this.#node, seed, retainGraph);
  }

  /** The same elements without history. Shares the memory. */
  detach(): Tensor {
    return new Tensor(this.#data.retain());
  }

  /**
   * Copies the elements to the host, f16 as f32.
   *
   * @throws {DTypeError} if they are integers
   */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    if (!this.#hasFractions) {
      throw new DTypeError(`read: the elements are ${this.dtype}\nUse readIntegers().`);
    }
    return this.#data.read();
  }

  /**
   * Copies integer elements to the host.
   *
   * @throws {DTypeError} if they are f32 or f16
   */
  async readIntegers(): Promise<Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>> {
    if (this.#hasFractions) {
      throw new DTypeError(`readIntegers: the elements are ${this.dtype}\nUse read().`);
    }
    const bytes = await this.gpu.read(this.#data);
    return this.dtype === "i32" ? new Int32Array(bytes) : new Uint32Array(bytes);
  }

  /**
   * The only element, on the host.
   *
   * @throws {ShapeError} if there are several
   */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: the tensor has ${this.size} elements, not one\n` +
          `  tensor  ${formatShape(this.shape)}\nUse read() for all of them.`,
      );
    }
    const values = this.#hasFractions ? await this.read() : await this.readIntegers();
    return values[0]!;
  }

  /** Frees the memory (once no graph needs it), the gradient, and the history behind it. */
  dispose(): void {
    if (this.isDisposed) return;
    this.#owner?.delete(this);
    this.#data.dispose();
    this.zeroGrad();
    this.#node?.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Makes `owner` responsible for freeing the tensor; null for nobody. */
  moveTo(owner: Owner | null): void {
    this.#owner?.delete(this);
    this.#owner = owner;
    owner?.add(this);
  }

  /** `Tensor([8, 64, 56, 56], conv2d)` */
  toString(): string {
    const parts = [formatShape(this.shape)];
    if (this.dtype !== "f32") parts.push(this.dtype);
    if (this.#node !== null) parts.push(this.#node.op);
    else if (this.#requiresGrad) parts.push("requiresGrad");
    if (this.isDisposed) parts.push("disposed");
    return `Tensor(${parts.join(", ")})`;
  }

  get #hasFractions(): boolean {
    return this.dtype === "f32" || this.dtype === "f16";
  }

  #impliedGradient(): GpuArray {
    if (this.size !== 1) {
      throw new UsageError(
        `backward: a gradient is implied for one element only, this tensor has ${this.size}\n` +
          `  tensor  ${formatShape(this.shape)}\n` +
          "Reduce it to a scalar (sum, mean), or pass the gradient: backward(gradient).",
      );
    }
    return full(this.gpu, this.shape, 1);
  }

  #givenGradient(gradient: Tensor): GpuArray {
    if (!sameShape(gradient.shape, this.shape) || gradient.dtype !== "f32") {
      throw new ShapeError(
        "backward: the gradient must have the tensor's shape and f32 elements\n" +
          `  tensor    ${formatShape(this.shape)}\n` +
          `  gradient  ${formatShape(gradient.shape)} ${gradient.dtype}\n` +
          "Pass ∂loss/∂tensor, one value per element.",
      );
    }
    return gradient.data.retain();
  }
}

/** Optimisers write into gradients, so a leaf's is never a view of what others hold. */
function ownBuffer(array: GpuArray): GpuArray {
  if (array.storage.references === 1) return array;
  const own = array.gpu.empty(array.shape, array.dtype);
  array.gpu.copy(array, own);
  array.dispose();
  return own;
}
