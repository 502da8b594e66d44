import type { Gpu } from "../../gpu/gpu.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import scalarLanes from "./scalar.wgsl";
import vectorLanes from "./vector.wgsl";

/** Invocations of a workgroup of the kernels that need no cooperation. */
export const WORKGROUP = 64;

/** Default text of the module `lanes.wgsl` that a kernel lists; see {@link channelLanes}. */
export const LANES: string = vectorLanes;

/** How a kernel walks the channels. */
export interface ChannelLanes {
  /** Channels of one `Element`. */
  readonly width: 1 | 4;
  /** `C / width`. */
  readonly vectors: number;
  /** For `DispatchOptions.modules`. */
  readonly modules: { readonly "lanes.wgsl": string };
}

/**
 * Four channels an invocation where they divide by four, else one: on NHWC arrays channels are
 * contiguous, and a load costs the same either way.
 */
export function channelLanes(channels: number): ChannelLanes {
  return channels % 4 === 0
    ? { width: 4, vectors: channels / 4, modules: { "lanes.wgsl": vectorLanes } }
    : { width: 1, vectors: channels, modules: { "lanes.wgsl": scalarLanes } };
}

/** Workgroups for `invocations` one-dimensional invocations, {@link WORKGROUP} each. */
export function linearGrid(gpu: Gpu, invocations: number): [number, number] {
  const limit = gpu.maxWorkgroups;
  return foldGrid(ceilDiv(invocations, WORKGROUP), limit);
}

/** Rows of one invocation of a pass over an array: enough to make what it loads once worth it. */
const BLOCK = { registers: 32, tiled: 8 } as const;

/** Blocks of the rows of `[B, R, C]`: the sizes that such a kernel's `Params` begins with. */
export function blocksOfRows(gpu: Gpu, batch: number, rows: number, channels: number) {
  const { vectors } = channelLanes(channels);
  const block = Math.min(rows, BLOCK[gpu.family]);
  const blocks = ceilDiv(rows, block);
  const total = batch * blocks * vectors;
  return { sizes: { total, c: vectors, rows, block, blocks }, workgroups: linearGrid(gpu, total) };
}
