// The fixed low-pass filters in front of StyleGAN's down-sampling. Checkpoints hold their kernels
// as buffers; they are constants, so they are made here and a checkpoint's are only checked.

import { formatShape, type Shape, type Tensor, upfirdn2d } from "@fauxgrad/tensor";
import { Buffer, type HostTensorLike, type Initializer, Module } from "@fauxgrad/tensor/nn";
import { CheckpointError } from "../checkpoint/index.ts";

/**
 * `outer(b, b)` with `b` the row of `size` binomial coefficients over their sum: `[1, 2, 1] / 4`
 * for 3, `[1, 3, 3, 1] / 8` for 4. Row-major.
 */
export function binomialKernel(size: number): Float32Array<ArrayBuffer> {
  let row = [1];
  for (let i = 1; i < size; i++) {
    row = Array.from({ length: i + 1 }, (_, k) => (row[k - 1] ?? 0) + (row[k] ?? 0));
  }
  const total = 4 ** (size - 1);
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [y, x] = [Math.floor(i / size), i % size];
    return (row[y]! * row[x]!) / total;
  });
}

/** The kernel over again for every `[…, KH, KW]` of a shape. */
const repeated: Initializer = (shape) => {
  const kernel = binomialKernel(shape.at(-1) ?? 1);
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, (_, i) => kernel[i % kernel.length]!);
};

/** Where a {@link Blur} lies and what it computes. */
export interface BlurOptions {
  /** Taps on each axis. */
  readonly size: 3 | 4;
  /** Zeros on all four sides. */
  readonly padding: number;
  /** Keep every `down`-th element of the result. Default 1. */
  readonly down?: number;
  /** PyTorch's shape of the buffer `kernel`: one kernel for every channel, or for all. */
  readonly shape: Shape;
}

/** Depthwise binomial filter of `[N, H, W, C]` with zero padding: see {@link binomialKernel}. */
export class Blur extends Module {
  /** For the state dict alone. */
  readonly kernel: Buffer;
  /** What is computed with: `[size, size]`, whatever the number of channels. */
  readonly taps: Buffer;
  readonly #padding: number;
  readonly #down: number;

  constructor({ size, padding, down = 1, shape }: BlurOptions) {
    super();
    this.kernel = new Buffer(shape, { init: repeated });
    this.taps = new Buffer([size, size], { init: repeated, persistent: false });
    this.#padding = padding;
    this.#down = down;
  }

  forward(input: Tensor): Tensor {
    // The kernel is symmetric: convolution and correlation are the same.
    return upfirdn2d(input, this.taps.tensor, { padding: this.#padding, down: this.#down });
  }
}

/** Whether a name of a discriminator's state is that of a filter's kernel. */
function isKernel(name: string): boolean {
  return name.endsWith(".blur.kernel") || name.endsWith(".filter.kernel");
}

/** Whether files may leave a tensor of a discriminator's state out: filter kernels, and `lod`. */
export function isConstant(name: string): boolean {
  return isKernel(name) || name === "lod";
}

/**
 * The tensors of a checkpoint with the constants that it leaves out: filter kernels, and `lod`,
 * which is 0 for a whole network.
 *
 * @param shapes the network's state, PyTorch's shapes by name
 * @throws {CheckpointError} if a kernel of the checkpoint has other values than ours
 */
export function withConstants(
  shapes: ReadonlyMap<string, Shape>,
  tensors: ReadonlyMap<string, HostTensorLike>,
): Map<string, HostTensorLike> {
  const complete = new Map(tensors);
  for (const [name, shape] of shapes) {
    if (!isConstant(name)) continue;
    const tensor = tensors.get(name);
    const kernel = isKernel(name) ? binomialKernel(shape.at(-1) ?? 1) : Float32Array.of(0);
    if (tensor === undefined) {
      const size = shape.reduce((product, length) => product * length, 1);
      const data = Float32Array.from({ length: size }, (_, i) => kernel[i % kernel.length]!);
      complete.set(name, { dtype: "float32", shape, data });
    } else if (isKernel(name)) checkKernel(name, tensor, kernel);
  }
  return complete;
}

/** The values are sixteenths or sixty-fourths: exact even in a 16-bit file. */
function checkKernel(name: string, { shape, data }: HostTensorLike, expected: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    const wanted = expected[i % expected.length]!;
    if (Number(data[i]) === wanted) continue;
    throw new CheckpointError(
      `checkpoint: "${name}" is not the filter that this network is defined with\n` +
        `  element   ${i} of ${formatShape(shape)}\n` +
        `  found     ${Number(data[i])}\n  expected  ${wanted}\n` +
        "Choose the architecture that the file was saved from; ours has binomial filters " +
        "([1, 2, 1] in StyleGAN, [1, 3, 3, 1] in StyleGAN2) that sum to 1.",
    );
  }
}
