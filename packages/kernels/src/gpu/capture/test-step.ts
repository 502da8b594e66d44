import type { Gpu } from "../gpu.ts";
import type { GpuArray } from "../gpu-array.ts";
import { defineKernel } from "../kernel.ts";

const affine = defineKernel({
  name: "affine",
  modules: {
    "affine.wgsl": `struct Params { factor: f32, addend: f32, }
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&output)) { output[id.x] = params.factor * input[id.x] + params.addend; }
}
`,
  },
  constants: {},
  bindings: { input: "read", output: "read_write" },
  params: { factor: "f32", addend: "f32" },
});

/** `factor · input + addend`; a function is asked again for each replay. */
export function apply(gpu: Gpu, input: GpuArray, factor: number, addend: number | (() => number)) {
  const output = gpu.empty(input.shape);
  const params =
    typeof addend === "number" ? { factor, addend } : () => ({ factor, addend: addend() });
  affine.dispatch(gpu, { input, output }, params, { workgroups: [8] });
  return output;
}
