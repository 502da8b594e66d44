// output[row, o] = scale * sum over slabs of partials[slab, row, o], in the order of the slabs;
// drops the padding of o.

struct Params {
  slabs: u32,
  rows: u32,
  columns: u32,
  pitch: u32, // columns padded to a multiple of 4
  scale: f32,
}

@group(0) @binding(0) var<storage, read> partials: array<f32>; // [slabs, rows, pitch]
@group(0) @binding(1) var<storage, read_write> output: array<f32>; // [rows, columns]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
  if (index >= params.rows * params.columns) {
    return;
  }
  let row = index / params.columns;
  var at = row * params.pitch + index % params.columns;
  var sum = 0.0;
  for (var slab = 0u; slab < params.slabs; slab++) {
    sum += partials[at];
    at += params.rows * params.pitch;
  }
  output[index] = params.scale * sum;
}
