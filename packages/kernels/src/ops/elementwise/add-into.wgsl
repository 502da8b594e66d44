// accumulator[i] += alpha * x[i]
//
// In place. Flat, like unary.wgsl.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

struct Params { vectors: u32, alpha: f32, }

@group(0) @binding(0) var<storage, read_write> accumulator: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (workgroup.y * grid.x + workgroup.x) * LANES * VECTORS + lane;
  for (var vector = 0u; vector < VECTORS; vector++) {
    let i = first + vector * LANES;
    if (i < params.vectors) {
      accumulator[i] = fma(vec4f(params.alpha), x[i], accumulator[i]);
    }
  }
}
