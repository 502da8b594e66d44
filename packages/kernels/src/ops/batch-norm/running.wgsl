// running_mean <- (1 - momentum) * running_mean + momentum * mean
// running_var  <- (1 - momentum) * running_var  + momentum * variance * correction
//
// The batch's variance is the biased one; correction is n / (n - 1).

const WORKGROUP: u32 = 64u;

struct Params { c: u32, momentum: f32, correction: f32, }

@group(0) @binding(0) var<storage, read> mean: array<f32>;               // [C]
@group(0) @binding(1) var<storage, read> variance: array<f32>;           // [C]
@group(0) @binding(2) var<storage, read_write> running_mean: array<f32>; // [C]
@group(0) @binding(3) var<storage, read_write> running_var: array<f32>;  // [C]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (c < params.c) {
    let keep = 1.0 - params.momentum;
    running_mean[c] = keep * running_mean[c] + params.momentum * mean[c];
    let unbiased = variance[c] * params.correction;
    running_var[c] = keep * running_var[c] + params.momentum * unbiased;
  }
}
