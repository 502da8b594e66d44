import type { GpuArray, Shape } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/** A gradient of the broadcast shape, summed back to the operand's; takes `gradient` over. */
function summed(gradient: GpuArray, shape: Shape): GpuArray {
  try {
    return kernels.sumTo(gradient.gpu, gradient, shape);
  } finally {
    gradient.dispose();
  }
}

/** `a + b`, broadcasting as NumPy does. */
export function add(a: Tensor, b: Tensor): Tensor {
  const { gpu } = a;
  return record({
    op: "add",
    output: kernels.binary(gpu, "add", a.data, b.data),
    inputs: [a, b],
    backward: (grad, [needsA, needsB]) => [
      needsA ? kernels.sumTo(gpu, grad, a.shape) : null,
      needsB ? kernels.sumTo(gpu, grad, b.shape) : null,
    ],
  });
}

/** `a − b`, broadcasting. */
export function sub(a: Tensor, b: Tensor): Tensor {
  const { gpu } = a;
  return record({
    op: "sub",
    output: kernels.binary(gpu, "sub", a.data, b.data),
    inputs: [a, b],
    backward: (grad, [needsA, needsB]) => [
      needsA ? kernels.sumTo(gpu, grad, a.shape) : null,
      needsB ? summed(kernels.unaryGrad(gpu, "neg", grad, null), b.shape) : null,
    ],
  });
}

/** `a · b`, broadcasting. */
export function mul(a: Tensor, b: Tensor): Tensor {
  const { gpu } = a;
  return record({
    op: "mul",
    output: kernels.binary(gpu, "mul", a.data, b.data),
    inputs: [a, b],
    saved: [b.requiresGrad ? a.data : null, a.requiresGrad ? b.data : null],
    backward: (grad, [needsA, needsB], [x, y]) => [
      needsA && y ? summed(kernels.binary(gpu, "mul", grad, y), a.shape) : null,
      needsB && x ? summed(kernels.binary(gpu, "mul", grad, x), b.shape) : null,
    ],
  });
}

/** `a / b`, broadcasting: `∂/∂a = 1 / b`, `∂/∂b = −(a / b) / b`. */
export function div(a: Tensor, b: Tensor): Tensor {
  const { gpu } = a;
  const output = kernels.binary(gpu, "div", a.data, b.data);
  return record({
    op: "div",
    output,
    inputs: [a, b],
    saved: [b.data, b.requiresGrad ? output : null],
    backward: (grad, [needsA, needsB], [y, quotient]) => {
      const overB = kernels.binary(gpu, "div", grad, y);
      try {
        return [
          needsA ? kernels.sumTo(gpu, overB, a.shape) : null,
          needsB && quotient ? gradOfDivisor(overB, quotient, b.shape) : null,
        ];
      } finally {
        overB.dispose();
      }
    },
  });
}

function gradOfDivisor(gradOverB: GpuArray, quotient: GpuArray, shape: Shape): GpuArray {
  const { gpu } = quotient;
  const product = kernels.binary(gpu, "mul", gradOverB, quotient);
  const negated = kernels.unary(gpu, "neg", product);
  product.dispose();
  return summed(negated, shape);
}

/** The larger operand; a tie gives half the gradient to each, as PyTorch does. */
export const maximum = (a: Tensor, b: Tensor): Tensor => extremum("maximum", a, b);

/** The smaller operand; a tie gives half the gradient to each, as PyTorch does. */
export const minimum = (a: Tensor, b: Tensor): Tensor => extremum("minimum", a, b);

function extremum(name: "maximum" | "minimum", a: Tensor, b: Tensor): Tensor {
  const { gpu } = a;
  const share = (x: GpuArray, y: GpuArray, grad: GpuArray, shape: Shape): GpuArray => {
    const shares = kernels.binary(gpu, `${name}Share`, x, y);
    const product = kernels.binary(gpu, "mul", grad, shares);
    shares.dispose();
    return summed(product, shape);
  };
  return record({
    op: name,
    output: kernels.binary(gpu, name, a.data, b.data),
    inputs: [a, b],
    saved: [a.data, b.data],
    backward: (grad, [needsA, needsB], [x, y]) => [
      needsA ? share(x, y, grad, a.shape) : null,
      needsB ? share(y, x, grad, b.shape) : null,
    ],
  });
}
