export { GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh } from "./activation.ts";
export { BatchNorm2d, type BatchNorm2dOptions } from "./batch-norm2d.ts";
export { castWeights } from "./cast-weights.ts";
export { ChunkedLinear, type ChunkedLinearOptions } from "./chunked-linear.ts";
export { ChunkedParameter, type ChunkedParameterOptions } from "./chunked-parameter.ts";
export { Conv2d, type Conv2dOptions } from "./conv2d.ts";
export { type DrawState, Dropout, DropPath, RandomModule } from "./dropout.ts";
export { GroupNorm, type GroupNormOptions } from "./group-norm.ts";
export {
  constant,
  type FanMode,
  fanInUniform,
  fans,
  gain,
  type Initializer,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  type Nonlinearity,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from "./init.ts";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.ts";
export {
  convolution as convolutionLayout,
  deviceShape,
  flattenedLinear as flattenedLinearLayout,
  type Layout,
  linear as linearLayout,
  permutation,
  unchanged,
} from "./layout.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { BCEWithLogitsLoss, CrossEntropyLoss } from "./losses.ts";
export {
  type Layer,
  type LoadOptions,
  type LoadReport,
  type Member,
  Module,
  type ToOptions,
} from "./module.ts";
export {
  Buffer,
  type BufferOptions,
  Counter,
  type HostTensorLike,
  Parameter,
  type StateOptions,
  type StateTensor,
} from "./parameter.ts";
export { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "./pooling.ts";
export { Flatten, Identity, Sequential } from "./sequential.ts";
