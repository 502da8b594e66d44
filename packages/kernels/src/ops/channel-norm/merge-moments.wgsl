// mean[b, c], variance[b, c] over all rows and over the SIZE channels of c's group
//
// Chan, Golub, LeVeque: the sum of squares about the common mean is that of each part about its
// own, plus count * (part's mean - common mean)^2. The common mean is summed as differences from
// the first part's. One invocation merges one group and writes its result for each of its
// channels, so that readers need not know of groups.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32,     // B * G
  groups: u32,    // G
  size: u32,      // C / G
  rows: u32,      // R
  slabs: u32,     // S
  slab_rows: u32, // ceil(R / S)
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;        // [B, S, 2, C]
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;     // [B, C]
@group(0) @binding(2) var<storage, read_write> variance: array<f32>; // [B, C]
@group(0) @binding(3) var<uniform> params: Params;

fn slab_count(s: u32) -> f32 {
  let first = s * params.slab_rows;
  return f32(min(first + params.slab_rows, params.rows) - first);
}

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
  let c = params.groups * params.size;
  let first_channel = i % params.groups * params.size;
  let start = i / params.groups * params.slabs * 2u * c + first_channel;
  let count = f32(params.rows) * f32(params.size);

  let shift = partial[start];
  var acc = 0.0;
  for (var s = 0u; s < params.slabs; s++) {
    var part = 0.0;
    for (var k = 0u; k < params.size; k++) {
      part += partial[start + s * 2u * c + k] - shift;
    }
    acc += part * slab_count(s);
  }
  let center = shift + acc / count;
  var squares = 0.0;
  for (var s = 0u; s < params.slabs; s++) {
    var within = 0.0;
    var between = 0.0;
    for (var k = 0u; k < params.size; k++) {
      let at = start + s * 2u * c + k;
      let d = partial[at] - center;
      within += partial[at + c];
      between += d * d;
    }
    squares += within + between * slab_count(s);
  }
  let out = i / params.groups * c + first_channel;
  for (var k = 0u; k < params.size; k++) {
    mean[out + k] = center;
    variance[out + k] = squares / count;
  }
}
