// The gradient in batch mode. Let x[g] be the G values of a group at one of P = H·W·C positions,
// d[g] = x[g] − mean, v = Σ d² / G, σ = √(v + ε), and f = Σ_p σ / P the group's feature. As Σ d = 0,
// the mean's own derivative drops out of ∂v/∂x[g] = 2·d[g] / G, so that
//
//   ∂f/∂x[g] = (1 / P) · (1 / 2σ) · 2·d[g] / G = d[g] / (P·G·σ).
//
// f is broadcast to the last channel of all G·H·W pixels of the group, so its gradient is the sum of
// gradOutput there, and the other channels pass theirs through. For G = 1, d = 0 and f = √ε = 1e-4:
// a constant, with a gradient of exactly zero.

import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import { numel } from "../../shape.ts";
import { linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import appendSource from "./append.wgsl";
import deviationSource from "./deviation.wgsl";
import dropChannelSource from "./drop-channel.wgsl";
import type { MinibatchStddevGeometry } from "./geometry.ts";
import gradInputSource from "./grad-input.wgsl";
import sumAppendedSource from "./sum-appended.wgsl";

/** Added to the variance under the root. */
const EPS = 1e-8;
/** Most slabs of positions that the deviations are first summed over. */
const MAX_SLABS = 256;

export const deviationKernel = defineKernel({
  name: "minibatch-stddev-deviation",
  modules: { "deviation.wgsl": deviationSource },
  constants: { WORKGROUP, EPS },
  bindings: { input: "read", partial: "read_write" },
  params: {
    total: "u32",
    group_size: "u32",
    group_count: "u32",
    positions: "u32",
    slabs: "u32",
    slab_positions: "u32",
  },
});

export const appendKernel = defineKernel({
  name: "minibatch-stddev-append",
  modules: { "append.wgsl": appendSource },
  constants: { WORKGROUP },
  bindings: { input: "read", partial: "read", output: "read_write" },
  params: {
    total: "u32",
    c: "u32",
    pixels: "u32",
    group_count: "u32",
    slabs: "u32",
    scale: "f32",
    offset: "f32",
  },
});

export const sumAppendedKernel = defineKernel({
  name: "minibatch-stddev-sum-appended",
  modules: { "sum-appended.wgsl": sumAppendedSource },
  constants: { WORKGROUP },
  bindings: { grad_output: "read", sums: "read_write" },
  params: { group_count: "u32", group_size: "u32", pixels: "u32", c: "u32" },
});

export const minibatchStddevGradInputKernel = defineKernel({
  name: "minibatch-stddev-grad-input",
  modules: { "grad-input.wgsl": gradInputSource },
  constants: { WORKGROUP, EPS },
  bindings: { input: "read", grad_output: "read", sums: "read", grad_input: "read_write" },
  params: { total: "u32", group_size: "u32", group_count: "u32", positions: "u32", c: "u32" },
});

export const dropChannelKernel = defineKernel({
  name: "minibatch-stddev-drop-channel",
  modules: { "drop-channel.wgsl": dropChannelSource },
  constants: { WORKGROUP },
  bindings: { grad_output: "read", grad_input: "read_write" },
  params: { total: "u32", c: "u32" },
});

/**
 * Appends one channel with the mean deviation of the sample's group: `mean_p √(v[p] + 1e-8)` with
 * `v[p]` the biased variance over the group at position `p = (y, x, c)`. Groups are strided: sample
 * `n` belongs to group `n mod M`. Per sample the deviation is that of one value: `√1e-8`, a constant.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, H, W, C + 1]`, the new channel last
 * @see Karras et al., "Progressive Growing of GANs", section 3
 */
export function minibatchStddev(
  gpu: Gpu,
  input: GpuArray,
  geometry: MinibatchStddevGeometry,
): GpuArray {
  const [, h, w, c] = geometry.input;
  const { groupSize, groupCount } = geometry;
  const positions = h * w * c;
  const total = numel(geometry.output);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(geometry.output);
    const append = (partial: GpuArray, slabs: number, offset: number) => {
      const scale = 1 / positions;
      const params = { total, c, pixels: h * w, group_count: groupCount, slabs, scale, offset };
      const workgroups = linearGrid(gpu, total);
      appendKernel.dispatch(gpu, { input, partial, output }, params, { workgroups });
    };
    if (groupSize === 1) {
      // No partials are read: any array stands in for them.
      append(input, 0, Math.sqrt(EPS));
      return output;
    }
    const slabPositions = Math.max(16, ceilDiv(positions, MAX_SLABS));
    const slabs = ceilDiv(positions, slabPositions);
    const partial = arrays.temporary([groupCount, slabs]);
    const params = {
      total: groupCount * slabs,
      group_size: groupSize,
      group_count: groupCount,
      positions,
      slabs,
      slab_positions: slabPositions,
    };
    const workgroups = linearGrid(gpu, params.total);
    deviationKernel.dispatch(gpu, { input, partial }, params, { workgroups });
    append(partial, slabs, 0);
    return output;
  });
}

/**
 * Gradient of {@link minibatchStddev}.
 *
 * @param gradOutput `[N, H, W, C + 1]`
 * @param input      `[N, H, W, C]`
 * @returns `[N, H, W, C]`
 */
export function minibatchStddevGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  geometry: MinibatchStddevGeometry,
): GpuArray {
  const [, h, w, c] = geometry.input;
  const { groupSize: group_size, groupCount: group_count } = geometry;
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output(geometry.input);
    const grad_input = gradInput;
    const grad_output = gradOutput;
    if (group_size === 1) {
      const total = numel(geometry.input);
      const workgroups = linearGrid(gpu, total);
      dropChannelKernel.dispatch(gpu, { grad_output, grad_input }, { total, c }, { workgroups });
      return gradInput;
    }
    const sums = arrays.temporary([group_count]);
    const counts = { group_count, group_size, pixels: h * w, c };
    sumAppendedKernel.dispatch(gpu, { grad_output, sums }, counts, {
      workgroups: linearGrid(gpu, group_count),
    });
    const positions = h * w * c;
    const total = group_count * positions;
    const params = { total, group_size, group_count, positions, c };
    const operands = { input, grad_output, sums, grad_input };
    minibatchStddevGradInputKernel.dispatch(gpu, operands, params, {
      workgroups: linearGrid(gpu, total),
    });
    return gradInput;
  });
}
