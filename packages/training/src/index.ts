export * from "./cam/index.ts";
export * from "./curves/index.ts";
export * from "./data/index.ts";
export * from "./log/index.ts";
export * from "./metrics/index.ts";
export * from "./perturb/index.ts";
export * from "./random/index.ts";
export * from "./run/index.ts";
