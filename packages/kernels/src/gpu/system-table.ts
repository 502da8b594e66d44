import { TUNING_SCHEMA, type TuningDatabase } from "./tuning.ts";

/**
 * What was measured for this release by `bench tune`; a user's own table wins over it.
 *
 * On lavapipe 25.0.7, 32 shapes of ResNet-50, EfficientNet-B0 and a matrix product were searched.
 * No candidate beat the heuristics twice, so the adapter has no rows.
 */
export const systemTuning: TuningDatabase = {
  schema: TUNING_SCHEMA,
  adapters: [
    {
      adapter: {
        vendor: "mesa",
        architecture: "software",
        device: "llvmpipe-llvm-15-0-6-256-bits-",
        description: "llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1",
        subgroupSize: 8,
      },
      rows: {},
    },
  ],
};
