// packed[tap, k, o] for a correlation: the weight padded to a multiple of four outputs, or its
// transpose for the data gradient, where input channel c = o of group g = c / (C / groups) sums
// over the outputs of that group:
//
//   packed[tap, k, c] = weight[tap, c % (C / groups), g * (O / groups) + k]

const TRANSPOSE: bool = false;

struct Params {
  taps: u32,
  group_inputs: u32, // C / groups
  group_outputs: u32, // O / groups
  outputs: u32, // O
  depth: u32, // k of the packed weight
  columns: u32, // o of the packed weight
  pitch: u32, // the same, padded to a multiple of 4
}

@group(0) @binding(0) var<storage, read> weight: array<f32>; // [taps, C / groups, O]
@group(0) @binding(1) var<storage, read_write> packed: array<f32>; // [taps, depth, pitch]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
  if (index >= params.taps * params.depth * params.pitch) {
    return;
  }
  let o = index % params.pitch;
  let k = index / params.pitch % params.depth;
  let tap = index / params.pitch / params.depth;
  var value = 0.0;
  if (o < params.columns) {
    var row = k;
    var column = o;
    if (TRANSPOSE) {
      row = o % params.group_inputs;
      column = o / params.group_inputs * params.group_outputs + k;
    }
    value = weight[(tap * params.group_inputs + row) * params.outputs + column];
  }
  packed[index] = value;
}
