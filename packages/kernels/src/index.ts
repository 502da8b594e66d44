export {
  DeviceError,
  type DeviceErrorKind,
  DTypeError,
  invariant,
  KernelError,
  ShapeError,
  UsageError,
} from "./errors.ts";
export { type AdapterClass, adapterClass } from "./gpu/adapter-class.ts";
export type { PoolStats } from "./gpu/buffer-pool.ts";
export type { Capture, CaptureOptions, CaptureStats } from "./gpu/capture/capture.ts";
export { disposeAll } from "./gpu/capture/dispose-all.ts";
export { type PerStep, perReplay, StepValue, valueNow } from "./gpu/capture/step-value.ts";
export { Gpu } from "./gpu/gpu.ts";
export { GpuArray } from "./gpu/gpu-array.ts";
export type { GpuOptions, GpuStats, KernelFamily } from "./gpu/gpu-options.ts";
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./gpu/half.ts";
export { defineKernel } from "./gpu/kernel.ts";
export { MATRIX_FEATURES, type MatrixShape, type SubgroupMatrixConfig } from "./gpu/matrices.ts";
export { byKernel, type DispatchTime, type KernelTime } from "./gpu/profiler.ts";
export {
  type AdapterTuning,
  formatVariant,
  parseTuning,
  parseVariant,
  TUNING_SCHEMA,
  type TunedAdapter,
  type TuningDatabase,
  type TuningRow,
  tunedAdapter,
  type Variant,
} from "./gpu/tuning.ts";
export { throttledWait, type Wait } from "./gpu/wait.ts";
export { ceilDiv } from "./gpu/workgroups.ts";
export * from "./ops/batch-norm/index.ts";
export * from "./ops/batched-matmul/index.ts";
export * from "./ops/channel-norm/index.ts";
export * from "./ops/conv2d/index.ts";
export {
  type BiasActivationOptions,
  biasActivation,
  biasActivationGradInput,
} from "./ops/elementwise/bias-activation.ts";
export { type BinaryScalars, binary } from "./ops/elementwise/binary.ts";
export { castTo, type FloatDType } from "./ops/elementwise/cast.ts";
export { gate, gateGradInput, gateGradLogits } from "./ops/elementwise/gate.ts";
export { addInto, fill, full } from "./ops/elementwise/in-place.ts";
export type { BinaryName, UnaryName, UnaryParams } from "./ops/elementwise/table.ts";
export { checkLeak, unary, unaryGrad, unarySaves } from "./ops/elementwise/unary.ts";
export * from "./ops/group-norm/index.ts";
export * from "./ops/layer-norm/index.ts";
export { concat, split } from "./ops/layout/concat.ts";
export { broadcastTo, flip, inversePermutation, slice, transpose } from "./ops/layout/gather.ts";
export { type PadPair, pad } from "./ops/layout/pad.ts";
export * from "./ops/matmul/index.ts";
export * from "./ops/minibatch-stddev/index.ts";
export { type AdamMoments, type AdamOptions, adamStep } from "./ops/optimizer/adam.ts";
export {
  type L2PenaltyOperands,
  l2PenaltySlots,
  l2PenaltyStep,
} from "./ops/optimizer/l2-penalty.ts";
export { sumSquares } from "./ops/optimizer/norm.ts";
export { type SgdOptions, sgdStep } from "./ops/optimizer/sgd.ts";
export * from "./ops/pool2d/index.ts";
export { type DropoutOptions, dropout, dropPath } from "./ops/random/dropout.ts";
export { normal, philoxBits, type RandomOptions, uniform } from "./ops/random/random.ts";
export {
  argmax,
  type ReduceName,
  type ReduceOptions,
  reduce,
  sumChannels,
  sumTo,
} from "./ops/reduce/reduce.ts";
export * from "./ops/resize/index.ts";
export {
  bceWithLogits,
  bceWithLogitsGradLogits,
  crossEntropy,
  crossEntropyGradLogits,
  type LossOptions,
  type Reduction,
} from "./ops/softmax/cross-entropy.ts";
export {
  logSoftmax,
  logSoftmaxGradInput,
  softmax,
  softmaxGradInput,
} from "./ops/softmax/softmax.ts";
export * from "./ops/upfirdn2d/index.ts";
export * from "./ops/weight-standardization/index.ts";
export {
  broadcastShapes,
  checkShape,
  type DType,
  formatShape,
  normalizeAxis,
  numel,
  type Shape,
  sameShape,
} from "./shape.ts";
