import { binary, type GpuArray, reduce, UsageError, unary } from "@fauxgrad/kernels";
import { Tensor } from "../tensor.ts";
import { type Trainable, tensorOf } from "./optimizer.ts";

/** Keeps the quotient finite where all gradients are zero; PyTorch's value. */
const EPS = 1e-6;

/**
 * Scales all gradients by `min(1, maxNorm / (norm + 1e-6))`, where `norm` is the Euclidean norm of
 * all of them together. Nothing is read back: the host does not wait.
 *
 * @returns the norm before, a scalar on the device
 * @throws {UsageError} if there is no gradient
 * @see torch.nn.utils.clip_grad_norm_
 */
export function clipGradNorm(trainables: Iterable<Trainable>, maxNorm: number): Tensor {
  const tensors = [...trainables].map(tensorOf).filter(({ grad }) => grad !== null);
  const temporaries: GpuArray[] = [];
  const temporary = (array: GpuArray) => {
    temporaries.push(array);
    return array;
  };
  try {
    const norm = new Tensor(totalNorm(tensors, temporary));
    const factor = clippingFactor(norm.data, maxNorm, temporary);
    for (const tensor of tensors) {
      const grad = tensor.takeGrad();
      if (grad === null) continue;
      tensor.accumulateGrad(binary(tensor.gpu, "mul", grad.data, factor));
      grad.dispose();
    }
    return norm;
  } finally {
    for (const array of temporaries) array.dispose();
  }
}

type Temporary = (array: GpuArray) => GpuArray;

function totalNorm(tensors: readonly Tensor[], temporary: Temporary): GpuArray {
  const squares = tensors.flatMap(({ gpu, grad }) =>
    grad === null ? [] : [temporary(reduce(gpu, "sumSquares", grad.data))],
  );
  const [first, ...rest] = squares;
  if (first === undefined) {
    throw new UsageError(
      "clipGradNorm: none of the parameters has a gradient\nCall backward() before it.",
    );
  }
  const { gpu } = first;
  const sum = rest.reduce((total, square) => temporary(binary(gpu, "add", total, square)), first);
  return unary(gpu, "sqrt", sum);
}

function clippingFactor(norm: GpuArray, maxNorm: number, temporary: Temporary): GpuArray {
  const { gpu } = norm;
  const shifted = temporary(unary(gpu, "affine", norm, { shift: EPS }));
  const inverse = temporary(unary(gpu, "reciprocal", shifted));
  const quotient = temporary(unary(gpu, "affine", inverse, { scale: maxNorm }));
  return temporary(unary(gpu, "clamp", quotient, { max: 1 }));
}
