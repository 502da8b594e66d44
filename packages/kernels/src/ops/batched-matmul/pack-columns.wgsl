// packed[i, k, c] = b[i, k, c], padded with zeros to whole vec4s of columns; b may be transposed
//
// One invocation writes one vec4.

struct Params {
  count: u32, // vec4s in all
  n: u32,
  k: u32,
  pitch: u32, // vec4s of one k
  b_batch: u32, // strides of b, in elements
  b_step: u32,
  b_column: u32,
}

@group(0) @binding(0) var<storage, read> b: array<f32>; // [batch, k, n], or [batch, n, k]
@group(0) @binding(1) var<storage, read_write> packed: array<vec4f>; // [batch, k, pitch]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
  if (index < params.count) {
    let row = index / params.pitch;
    let first = index % params.pitch * 4u;
    let base = row / params.k * params.b_batch + row % params.k * params.b_step;
    var values = vec4f();
    for (var i = 0u; i < 4u; i++) {
      if (first + i < params.n) { values[i] = b[base + (first + i) * params.b_column]; }
    }
    packed[index] = values;
  }
}
