export { equalParts } from "./equal-parts.ts";
export { floatTensors, hostTensor, modelTensors, section } from "./host-state.ts";
export { inUnits } from "./in-units.ts";
export {
  type MemoryLimits,
  type PartPlan,
  type PartRequest,
  planParts,
  type StepMemory,
} from "./micro-batch.ts";
export { RepeatedStep, type StepWork } from "./repeated-step.ts";
export { TrainingDiverged } from "./training-diverged.ts";
