export type { Affine, AfterNorm, Moments } from "./channel-norm.ts";
