// Sums of gradients until the elementwise room of kernels has `add` and `addInto`.
import { ceilDiv, defineKernel, type Gpu, type GpuArray } from "@fauxgrad/kernels";

const source = (target: string) => `
struct Params { count: u32, stride: u32, }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> b: array<f32>;
${target === "c" ? "@group(0) @binding(2) var<storage, read_write> c: array<f32>;" : ""}
@group(0) @binding(${target === "c" ? 3 : 2}) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  for (var i = id.x; i < params.count; i += params.stride) { ${target}[i] = a[i] + b[i]; }
}
`;
const into = defineKernel({
  name: "add-into",
  modules: { "add-into.wgsl": source("b") },
  constants: {},
  bindings: { a: "read", b: "read_write" },
  params: { count: "u32", stride: "u32" },
});
const sum = defineKernel({
  name: "add",
  modules: { "add.wgsl": source("c").replace("read_write> b", "read> b") },
  constants: {},
  bindings: { a: "read", b: "read", c: "read_write" },
  params: { count: "u32", stride: "u32" },
});

/** `target += source` */
export function addInto(gpu: Gpu, target: GpuArray, source: GpuArray): void {
  const groups = Math.min(ceilDiv(target.size, 64), 65535);
  const params = { count: target.size, stride: groups * 64 };
  into.dispatch(gpu, { a: source, b: target }, params, { workgroups: [groups] });
}

/** `a + b` of equal shapes */
export function add(gpu: Gpu, a: GpuArray, b: GpuArray): GpuArray {
  const c = gpu.empty(a.shape);
  const groups = Math.min(ceilDiv(a.size, 64), 65535);
  sum.dispatch(gpu, { a, b, c }, { count: a.size, stride: groups * 64 }, { workgroups: [groups] });
  return c;
}
