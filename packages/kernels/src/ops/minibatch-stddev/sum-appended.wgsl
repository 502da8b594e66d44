// sums[m] = sum of grad_output[n, y, x, C] over the samples n = g * M + m and all pixels:
// the gradient of the group's feature, which was broadcast there.

const WORKGROUP: u32 = 64u;

struct Params {
  group_count: u32, // M
  group_size: u32,  // G
  pixels: u32,      // H * W
  c: u32,           // C
}

@group(0) @binding(0) var<storage, read> grad_output: array<f32>; // [G, M, H * W, C + 1]
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;  // [M]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (m >= params.group_count) {
    return;
  }
  let channels = params.c + 1u;
  var acc = 0.0;
  for (var g = 0u; g < params.group_size; g++) {
    var at = (g * params.group_count + m) * params.pixels * channels + params.c;
    for (var pixel = 0u; pixel < params.pixels; pixel++) {
      acc += grad_output[at];
      at += channels;
    }
  }
  sums[m] = acc;
}
