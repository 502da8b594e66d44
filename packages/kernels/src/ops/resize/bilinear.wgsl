// output[n, oh, ow, c] = the four neighbours of its position in input[n, :, :, c], weighted
//
// One invocation computes WIDTH channels of one pixel of output.

const WORKGROUP: u32 = 64u;

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [N, H, W, C / WIDTH]
@group(0) @binding(1) var<storage, read_write> output: array<Element>; // [N, OH, OW, C / WIDTH]
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
  let c = i % params.c;
  let pixel = i / params.c;
  let row = pixel / params.ow;
  let image = row / params.oh * params.h;
  let x = sample(pixel % params.ow, horizontal());
  let y = sample(row % params.oh, vertical());
  let top = (image + y.first) * params.w;
  let bottom = (image + y.second) * params.w;
  let upper = (1.0 - x.weight) * input[(top + x.first) * params.c + c]
    + x.weight * input[(top + x.second) * params.c + c];
  let lower = (1.0 - x.weight) * input[(bottom + x.first) * params.c + c]
    + x.weight * input[(bottom + x.second) * params.c + c];
  output[i] = (1.0 - y.weight) * upper + y.weight * lower;
}
