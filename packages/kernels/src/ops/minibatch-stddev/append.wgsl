// output[n, y, x, 0 .. C] = input[n, y, x], and output[n, y, x, C] = feature[n mod M]
//
// feature[m] = offset + scale * sum of partial[m], in fixed order. A constant has no partials.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32,       // N * H * W * (C + 1)
  c: u32,           // C
  pixels: u32,      // H * W
  group_count: u32, // M
  slabs: u32,       // S
  scale: f32,       // 1 / (H * W * C)
  offset: f32,
}

@group(0) @binding(0) var<storage, read> input: array<f32>;        // [N, H, W, C]
@group(0) @binding(1) var<storage, read> partial: array<f32>;      // [M, S]
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [N, H, W, C + 1]
@group(0) @binding(3) var<uniform> params: Params;

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
  let c = i % (params.c + 1u);
  let pixel = i / (params.c + 1u);
  if (c < params.c) {
    output[i] = input[pixel * params.c + c];
    return;
  }
  let m = pixel / params.pixels % params.group_count;
  var acc = 0.0;
  for (var s = 0u; s < params.slabs; s++) {
    acc += partial[m * params.slabs + s];
  }
  output[i] = params.offset + acc * params.scale;
}
