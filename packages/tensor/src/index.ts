export {
  type AdapterClass,
  DeviceError,
  type DeviceErrorKind,
  type DType,
  DTypeError,
  formatShape,
  Gpu,
  type GpuOptions,
  type GpuStats,
  KernelError,
  type KernelFamily,
  type Shape,
  ShapeError,
  UsageError,
} from "@fauxgrad/kernels";
export { enableGrad, isRecording, noGrad, type Recording, record } from "./autograd.ts";
export { full, ones, type TensorOptions, tensor, zeros } from "./factories.ts";
export type { Backward, Saved } from "./graph.ts";
export { conv2d, type FusedOptions, type LeakyActivation } from "./ops/conv2d.ts";
export { linear, matmul } from "./ops/linear.ts";
export { flatten, reshape } from "./ops/reshape.ts";
export { Random, type RandomState } from "./random.ts";
export { keep, type Leak, leakReport, scope } from "./scope.ts";
export { type BackwardOptions, Tensor, type TensorInit } from "./tensor.ts";
