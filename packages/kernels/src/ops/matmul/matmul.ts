// A matrix product is a 1×1 convolution over M pixels: one GEMM core serves both, and every
// variant, epilogue and test of the convolution holds here as well.

import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { formatShape, type Shape } from "../../shape.ts";
import { conv2d, conv2dGradInput, conv2dGradWeight } from "../conv2d/conv2d.ts";
import type { Epilogue } from "../conv2d/epilogue.ts";
import { type Conv2dGeometry, conv2dGeometry } from "../conv2d/geometry.ts";

/** The resolved sizes of `[…, K] × [K, N] → […, N]`, with the leading axes folded into M. */
export interface MatmulGeometry {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly output: Shape;
  readonly conv: Conv2dGeometry;
}

/**
 * Resolves a product.
 *
 * @param a `[…, K]`
 * @param b `[K, N]`
 * @throws {ShapeError} if ranks or inner sizes do not agree
 */
export function matmulGeometry(a: Shape, b: Shape): MatmulGeometry {
  const [inner = 0, n = 0] = b;
  const k = a.at(-1) ?? 0;
  if (a.length < 1 || b.length !== 2 || inner !== k) {
    throw new ShapeError(
      `matmul: inner sizes do not agree\n  a  ${formatShape(a)}\n  b  ${formatShape(b)}\n` +
        "Pass a as […, K] and b as [K, N].",
    );
  }
  const m = a.slice(0, -1).reduce((product, size) => product * size, 1);
  return {
    m,
    k,
    n,
    output: [...a.slice(0, -1), n],
    conv: conv2dGeometry([m, 1, 1, k], [1, 1, k, n]),
  };
}

function under<T>(array: GpuArray, shape: Shape, use: (view: GpuArray) => T): T {
  const view = array.reshape(shape);
  try {
    return use(view);
  } finally {
    view.dispose();
  }
}

function reshaped(array: GpuArray, shape: Shape): GpuArray {
  const view = array.reshape(shape);
  array.dispose();
  return view;
}

/**
 * `output[…, n] = epilogue(Σ_k a[…, k] · b[k, n])`, with the epilogue of the convolution
 * (scale, bias, leaky ReLU, gain), and operands in f32 or f16 as there.
 *
 * @param a `[…, K]`
 * @param b `[K, N]`
 * @param g from `matmulGeometry`, which validates
 * @returns `[…, N]`
 * @see torch.nn.functional.linear, whose weight is the transpose of `b`
 */
export function matmul(
  gpu: Gpu,
  a: GpuArray,
  b: GpuArray,
  g: MatmulGeometry,
  epilogue: Epilogue = {},
): GpuArray {
  const output = under(a, [g.m, 1, 1, g.k], (input) => {
    return under(b, [1, 1, g.k, g.n], (weight) => conv2d(gpu, input, weight, g.conv, epilogue));
  });
  return reshaped(output, g.output);
}

/**
 * `gradA[…, k] = scale · Σ_n gradOutput[…, n] · b[k, n]`.
 *
 * @param gradOutput `[…, N]`
 * @returns `[…, K]`
 */
export function matmulGradA(
  gpu: Gpu,
  gradOutput: GpuArray,
  b: GpuArray,
  g: MatmulGeometry,
  scale = 1,
): GpuArray {
  const gradA = under(gradOutput, [g.m, 1, 1, g.n], (grad) => {
    return under(b, [1, 1, g.k, g.n], (weight) =>
      conv2dGradInput(gpu, grad, weight, g.conv, scale),
    );
  });
  return reshaped(gradA, [...g.output.slice(0, -1), g.k]);
}

/**
 * `gradB[k, n] = scale · Σ_m a[m, k] · gradOutput[m, n]`.
 *
 * @param a          `[…, K]`
 * @param gradOutput `[…, N]`
 * @returns `[K, N]`
 */
export function matmulGradB(
  gpu: Gpu,
  a: GpuArray,
  gradOutput: GpuArray,
  g: MatmulGeometry,
  scale = 1,
): GpuArray {
  const gradB = under(a, [g.m, 1, 1, g.k], (input) => {
    return under(gradOutput, [g.m, 1, 1, g.n], (grad) =>
      conv2dGradWeight(gpu, input, grad, g.conv, scale),
    );
  });
  return reshaped(gradB, [g.k, g.n]);
}
