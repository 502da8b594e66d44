export type { Affine, Moments } from "./channel-norm.ts";
