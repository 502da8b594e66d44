// Two operations for the engine's own tests, so that they depend on no room of kernels.
import { defineKernel, type GpuArray } from "@fauxgrad/kernels";
import { record } from "./autograd.ts";
import type { Tensor } from "./tensor.ts";

const source = `
const PRODUCT: bool = true;
struct Params { count: u32, }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.count) {
    output[id.x] = select(a[id.x] + b[id.x], a[id.x] * b[id.x], PRODUCT);
  }
}
`;

const kernel = defineKernel({
  name: "test-op",
  modules: { "test-op.wgsl": source },
  constants: { PRODUCT: true },
  bindings: { a: "read", b: "read", output: "read_write" },
  params: { count: "u32" },
});

export function apply(a: GpuArray, b: GpuArray, product: boolean): GpuArray {
  const output = a.gpu.empty(a.shape);
  const workgroups = [Math.ceil(a.size / 64)] as const;
  kernel.dispatch(
    a.gpu,
    { a, b, output },
    { count: a.size },
    { constants: { PRODUCT: product }, workgroups },
  );
  return output;
}

/** `a · b`, element by element */
export function times(a: Tensor, b: Tensor): Tensor {
  return record({
    op: "times",
    output: apply(a.data, b.data, true),
    inputs: [a, b],
    saved: [b.requiresGrad ? a.data : null, a.requiresGrad ? b.data : null],
    backward: (gradOutput, [needsA, needsB], [x, y]) => [
      needsA && y ? apply(gradOutput, y, true) : null,
      needsB && x ? apply(gradOutput, x, true) : null,
    ],
  });
}

/** `a + b`, element by element */
export function plus(a: Tensor, b: Tensor): Tensor {
  return record({
    op: "plus",
    output: apply(a.data, b.data, false),
    inputs: [a, b],
    backward: (gradOutput, needs) => needs.map((need) => (need ? gradOutput.retain() : null)),
  });
}
