export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { clipGradNorm } from "./clip-grad-norm.ts";
export {
  addL2Penalty,
  type L2PenaltyOptions,
  type PenaltyTerm,
} from "./l2-penalty.ts";
export {
  type BaseOptions,
  type Group,
  type GroupInput,
  type GroupState,
  type LoadableState,
  type Memory,
  Optimizer,
  type OptimizerState,
  type Trainable,
  type Trainables,
} from "./optimizer.ts";
export {
  cosineAnnealingLR,
  linearWarmup,
  multiStepLR,
  product,
  type Schedule,
  Scheduler,
  type SchedulerState,
  stepLR,
} from "./schedule.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
