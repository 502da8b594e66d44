export {
  type AdapterClass,
  type AvgPool2dOptions,
  bfloat16ToFloat32,
  type Capture,
  type CaptureOptions,
  type CaptureStats,
  type Conv2dOptions,
  DeviceError,
  type DeviceErrorKind,
  type DType,
  DTypeError,
  disposeAll,
  type FloatDType,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  formatShape,
  Gpu,
  type GpuOptions,
  type GpuStats,
  KernelError,
  type KernelFamily,
  type LossOptions,
  type MaxPool2dOptions,
  type MinibatchStddevMode,
  type Padding,
  type PadPair,
  type Pair,
  type PerStep,
  type RandomOptions,
  type ReduceOptions,
  type Shape,
  ShapeError,
  StepValue,
  type Upfirdn2dOptions,
  UsageError,
} from "@fauxgrad/kernels";
export { enableGrad, isRecording, noGrad, type Recording, record } from "./autograd.ts";
export { capture } from "./capture.ts";
export {
  full,
  ones,
  type RandomTensorOptions,
  rand,
  randn,
  type TensorOptions,
  tensor,
  zeros,
} from "./factories.ts";
export type { Backward, Saved } from "./graph.ts";
export { scaledDotProductAttention } from "./ops/attention.ts";
export { type BatchNormOptions, batchNorm, type RunningMoments } from "./ops/batch-norm.ts";
export { batchedMatmul, type ScaledMatmulOptions } from "./ops/batched-matmul.ts";
export { biasActivation } from "./ops/bias-activation.ts";
export { add, div, maximum, minimum, mul, sub } from "./ops/binary.ts";
export { castTo } from "./ops/cast.ts";
export {
  type Conv2dFusedOptions,
  conv2d,
  type FusedOptions,
  type LeakyActivation,
} from "./ops/conv2d.ts";
export { dropout, dropPath } from "./ops/dropout.ts";
export { amax, amin, argmax } from "./ops/extrema.ts";
export { gate } from "./ops/gate.ts";
export { groupNorm } from "./ops/group-norm.ts";
export { layerNorm } from "./ops/layer-norm.ts";
export { broadcastTo, concat, flip, pad, slice, transpose } from "./ops/layout.ts";
export { linear, matmul } from "./ops/linear.ts";
export { binaryCrossEntropyWithLogits, crossEntropy } from "./ops/losses.ts";
export { minibatchStddev } from "./ops/minibatch-stddev.ts";
export { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "./ops/pool2d.ts";
export { mean, sum } from "./ops/reduce.ts";
export { flatten, reshape } from "./ops/reshape.ts";
export { interpolateBilinear, upsampleNearest } from "./ops/resize.ts";
export { logSoftmax, softmax } from "./ops/softmax.ts";
export {
  abs,
  affine,
  clamp,
  exp,
  gelu,
  leakyRelu,
  log,
  neg,
  reciprocal,
  relu,
  sigmoid,
  silu,
  softplus,
  sqrt,
  square,
  tanh,
} from "./ops/unary.ts";
export { upfirdn2d } from "./ops/upfirdn2d.ts";
export { standardizeWeight } from "./ops/weight-standardization.ts";
export { Random, type RandomState } from "./random.ts";
export { keep, type Leak, leakReport, scope, unscoped } from "./scope.ts";
export { type BackwardOptions, Tensor, type TensorInit } from "./tensor.ts";
