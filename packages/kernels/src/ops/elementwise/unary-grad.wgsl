// grad_input[i] = grad_output[i] * derivative(saved[i])
//
// `saved` is the input or the output of the forward pass, as the op's row says. Flat, like
// unary.wgsl.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

struct Params { vectors: u32, alpha: f32, beta: f32, }

@group(0) @binding(0) var<storage, read> grad_output: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> saved: array<vec4f>; // [vectors]
@group(0) @binding(2) var<storage, read_write> grad_input: array<vec4f>; // [vectors]
@group(0) @binding(3) var<uniform> params: Params;

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
      let s = saved[i];
      grad_input[i] = grad_output[i]
        * vec4f(derivative(s.x), derivative(s.y), derivative(s.z), derivative(s.w));
    }
  }
}
