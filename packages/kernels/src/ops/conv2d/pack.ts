import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { castTo } from "../elementwise/cast.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import packSource from "./pack-weight.wgsl";
import padSource from "./pad-channels.wgsl";
import transposeSource from "./transpose-weight.wgsl";

export const packWeightKernel = defineKernel({
  name: "conv2d.packWeight",
  modules: { "pack-weight.wgsl": packSource },
  constants: { TRANSPOSE: false },
  bindings: { weight: "read", packed: "read_write" },
  params: {
    taps: "u32",
    group_inputs: "u32",
    group_outputs: "u32",
    outputs: "u32",
    depth: "u32",
    columns: "u32",
    pitch: "u32",
  },
});

export const transposeWeightKernel = defineKernel({
  name: "conv2d.transposeWeight",
  modules: { "transpose-weight.wgsl": transposeSource },
  constants: {},
  bindings: { weight: "read", packed: "read_write" },
  params: { total: "u32", inputs4: "u32", outputs4: "u32" },
});

export const padChannelsKernel = defineKernel({
  name: "conv2d.padChannels",
  modules: { "pad-channels.wgsl": padSource },
  constants: {},
  bindings: { input: "read", output: "read_write" },
  params: { rows: "u32", c: "u32", pitch: "u32" },
});

const LANES = 64;

/** An array computed from `source`, kept until `source` is written or freed. */
export function derive(source: GpuArray, key: string, make: () => GpuArray): GpuArray {
  const { storage } = source;
  const cached = storage.derived(key);
  if (cached !== undefined) return cached;
  const made = make();
  storage.keepDerived(key, made);
  return made;
}

/** Handles of one buffer may differ in shape: a dense layer's weight is also a 4×4 kernel's. */
function keyOf(kind: string, weight: GpuArray, g: Conv2dGeometry): string {
  return `conv2d.${kind}/${weight.shape.join()}/${g.groups}`;
}

function pack(gpu: Gpu, weight: GpuArray, g: Conv2dGeometry, transpose: boolean): GpuArray {
  const taps = g.kh * g.kw;
  const groupInputs = g.c / g.groups;
  const groupOutputs = g.o / g.groups;
  const depth = transpose ? groupOutputs : groupInputs;
  const columns = transpose ? g.c : g.o;
  const pitch = 4 * ceilDiv(columns, 4);
  using wide = castTo(gpu, weight, "f32");
  const packed = gpu.empty([g.kh, g.kw, depth, pitch]);
  packWeightKernel.dispatch(
    gpu,
    { weight: wide, packed },
    {
      taps,
      group_inputs: groupInputs,
      group_outputs: groupOutputs,
      outputs: g.o,
      depth,
      columns,
      pitch,
    },
    {
      constants: { TRANSPOSE: transpose },
      workgroups: foldGrid(ceilDiv(packed.size, LANES), gpu.maxWorkgroups),
    },
  );
  return packed;
}

function transpose(gpu: Gpu, weight: GpuArray, g: Conv2dGeometry): GpuArray {
  if (g.groups > 1 || g.c % 4 !== 0 || g.o % 4 !== 0) return pack(gpu, weight, g, true);
  const packed = gpu.empty([g.kh, g.kw, g.o, g.c]);
  const total = packed.size / 16;
  const limit = gpu.maxWorkgroups;
  transposeWeightKernel.dispatch(
    gpu,
    { weight, packed },
    { total, inputs4: g.c / 4, outputs4: g.o / 4 },
    { workgroups: foldGrid(ceilDiv(total, LANES), limit) },
  );
  return packed;
}

/** The weight as the forward correlation reads it: itself, or padded to whole vec4s of outputs. */
export function forwardWeight(gpu: Gpu, weight: GpuArray, g: Conv2dGeometry): GpuArray {
  if (g.o % 4 === 0) return weight;
  return derive(weight, keyOf("forward", weight, g), () => pack(gpu, weight, g, false));
}

/**
 * The weight as the data gradient reads it: `[KH, KW, O / groups, C]`, padded. Kept with the
 * weight, so that a frozen network transposes once.
 */
export function transposedWeight(gpu: Gpu, weight: GpuArray, g: Conv2dGeometry): GpuArray {
  return derive(weight, keyOf("transposed", weight, g), () => transpose(gpu, weight, g));
}

/** `array` with its last axis padded to a multiple of four by zeros, or another handle of it. */
export function padChannels(gpu: Gpu, array: GpuArray): GpuArray {
  const c = array.shape.at(-1) ?? 1;
  const pitch = 4 * ceilDiv(c, 4);
  if (pitch === c) return array.retain();
  const rows = array.size / c;
  const output = gpu.empty([...array.shape.slice(0, -1), pitch]);
  padChannelsKernel.dispatch(
    gpu,
    { input: array, output },
    { rows, c, pitch },
    {
      workgroups: foldGrid(ceilDiv(output.size, LANES), gpu.maxWorkgroups),
    },
  );
  return output;
}
