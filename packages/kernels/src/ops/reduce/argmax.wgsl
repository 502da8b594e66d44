// output[o, c] = the first r at which input[o, r, c] is largest; a NaN counts as largest
//
// One invocation per output.

const LANES: u32 = 64u;

struct Params { count: u32, rows: u32, columns: u32, }

@group(0) @binding(0) var<storage, read> input: array<f32>; // [outer, rows, columns]
@group(0) @binding(1) var<storage, read_write> output: array<u32>; // [outer, columns]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (workgroup.y * grid.x + workgroup.x) * LANES + lane;
  if (i >= params.count) { return; }
  let outer = i / params.columns;
  let base = outer * params.rows * params.columns + (i - outer * params.columns);
  var best = input[base];
  var place = 0u;
  for (var row = 1u; row < params.rows; row++) {
    let value = input[base + row * params.columns];
    if (value > best || (is_nan(value) && !is_nan(best))) {
      best = value;
      place = row;
    }
  }
  output[i] = place;
}
