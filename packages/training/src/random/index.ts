export {
  BatchSampler,
  type BatchSamplerOptions,
  type SampledBatch,
  type SamplerState,
} from "./batch-sampler.ts";
export { epochBatches, epochOrder, type Sampling } from "./epoch-order.ts";
export { randomFor } from "./random-for.ts";
