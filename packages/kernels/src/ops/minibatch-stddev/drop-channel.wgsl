// grad_input[n, y, x, c] = grad_output[n, y, x, c] for c < C: an appended constant has no gradient.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32, // N * H * W * C
  c: u32,     // C
}

@group(0) @binding(0) var<storage, read> grad_output: array<f32>;      // [N, H, W, C + 1]
@group(0) @binding(1) var<storage, read_write> grad_input: array<f32>; // [N, H, W, C]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i < params.total) {
    grad_input[i] = grad_output[i + i / params.c];
  }
}
