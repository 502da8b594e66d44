import { TUNING_SCHEMA, type TuningDatabase } from "./tuning.ts";

/** What was measured for this release by `bench tune`; a user's own table wins over it. */
export const systemTuning: TuningDatabase = { schema: TUNING_SCHEMA, adapters: [] };
