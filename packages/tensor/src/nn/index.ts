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
export {
  convolution,
  deviceShape,
  flattenedLinear,
  type Layout,
  linear,
  permutation,
  unchanged,
} from "./layout.ts";
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
