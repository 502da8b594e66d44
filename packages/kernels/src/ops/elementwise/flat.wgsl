// Calls each(i) for the vectors 0 .. params.vectors of arrays whose shapes do not matter.
//
// One workgroup does LANES * VECTORS consecutive vectors, one invocation every LANES-th of them.
// Buffers are whole multiples of 32 bytes, so the last vector may run over the contents, never over
// the buffer, and no scalar variant is needed. Params begins with `vectors`.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

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
      each(i);
    }
  }
}
