// parameter -= lr * (grad + weight_decay * parameter)
//
// In place. One workgroup does LANES * VECTORS consecutive vectors, one invocation every LANES-th of
// them; the last vector may run over the contents, never over the buffer.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

struct Params { vectors: u32, lr: f32, weight_decay: f32, }

@group(0) @binding(0) var<storage, read_write> parameter: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> grad: array<vec4f>; // [vectors]
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
      let p = parameter[i];
      parameter[i] = p - params.lr * (grad[i] + params.weight_decay * p);
    }
  }
}
