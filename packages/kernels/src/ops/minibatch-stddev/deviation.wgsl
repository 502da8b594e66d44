// partial[m, s] = sum over slab s of the positions p = (y, x, c) of sqrt(v[m, p] + EPS)
//
// v[m, p] is the variance over the G samples g * M + m of group m: mean first, then the squares.
// One invocation sums one slab.

const WORKGROUP: u32 = 64u;
const EPS: f32 = 1e-8;

struct Params {
  total: u32,          // M * S
  group_size: u32,     // G
  group_count: u32,    // M
  positions: u32,      // H * W * C
  slabs: u32,          // S
  slab_positions: u32, // ceil(H * W * C / S)
}

@group(0) @binding(0) var<storage, read> input: array<f32>;         // [G, M, H * W * C]
@group(0) @binding(1) var<storage, read_write> partial: array<f32>; // [M, S]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.total) {
    return;
  }
  let m = i / params.slabs;
  let first = i % params.slabs * params.slab_positions;
  let last = min(first + params.slab_positions, params.positions);
  let step = params.group_count * params.positions;
  let size = f32(params.group_size);
  var acc = 0.0;
  for (var p = first; p < last; p++) {
    let start = m * params.positions + p;
    var mean = 0.0;
    for (var g = 0u; g < params.group_size; g++) {
      mean += input[start + g * step];
    }
    mean /= size;
    var squares = 0.0;
    for (var g = 0u; g < params.group_size; g++) {
      let d = input[start + g * step] - mean;
      squares += d * d;
    }
    acc += sqrt(squares / size + EPS);
  }
  partial[i] = acc;
}
