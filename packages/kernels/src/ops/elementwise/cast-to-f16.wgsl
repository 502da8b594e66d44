// output[i] = input[i] in f16, two elements a word. Flat, as unary.wgsl.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

struct Params { vectors: u32, }

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read_write> output: array<vec2u>; // [vectors]
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
      let x = input[i];
      output[i] = vec2u(pack2x16float(x.xy), pack2x16float(x.zw));
    }
  }
}
