// grad_input = (weight * grad_output - means[0] - x * means[1]) / sqrt(variance + eps)
//
// with x the normalized input; the derivation is in channel-norm.ts. Where RELU, grad_output counts
// only where the activated output is above zero. One invocation owns WIDTH
// channels of params.block rows.

const WORKGROUP: u32 = 64u;
const AFFINE: bool = true;   // false: weight 1, and any array in its place
const CENTERED: bool = true; // false: mean and variance are constants, not functions of the input
const RELU: bool = false;    // false: any array in the place of activated

struct Params {
  total: u32,  // B * ceil(R / block) * C / WIDTH
  c: u32,      // C / WIDTH
  rows: u32,   // R
  block: u32,
  blocks: u32, // ceil(R / block)
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;      // [B, R, C / WIDTH]
@group(0) @binding(1) var<storage, read> input: array<Element>;            // [B, R, C / WIDTH]
@group(0) @binding(2) var<storage, read> mean: array<Element>;             // [B, C / WIDTH]
@group(0) @binding(3) var<storage, read> variance: array<Element>;         // [B, C / WIDTH]
@group(0) @binding(4) var<storage, read> weight: array<Element>;           // [C / WIDTH]
@group(0) @binding(5) var<storage, read> means: array<Element>;            // [2, B, C / WIDTH]
@group(0) @binding(6) var<storage, read> activated: array<Element>;        // [B, R, C / WIDTH]
@group(0) @binding(7) var<storage, read_write> grad_input: array<Element>; // [B, R, C / WIDTH]
@group(0) @binding(8) var<uniform> params: Params;

fn gradient(at: u32) -> Element {
  if (RELU) {
    return select(grad_output[at], Element(), activated[at] <= Element());
  }
  return grad_output[at];
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
  let c = i % params.c;
  let b = i / params.c / params.blocks;
  let first = i / params.c % params.blocks * params.block;
  let last = min(first + params.block, params.rows);
  let channel = b * params.c + c;
  let scale = 1.0 / sqrt(variance[channel] + params.eps);
  var factor = scale;
  if (AFFINE) {
    factor *= weight[c];
  }
  var at = (b * params.rows + first) * params.c + c;
  if (CENTERED) {
    let center = mean[channel];
    let pitch = params.total / params.blocks; // B * C / WIDTH
    let offset = means[channel] * scale;
    let slope = means[pitch + channel] * scale * scale;
    for (var r = first; r < last; r++) {
      grad_input[at] = gradient(at) * factor - offset - (input[at] - center) * slope;
      at += params.c;
    }
  } else {
    for (var r = first; r < last; r++) {
      grad_input[at] = gradient(at) * factor;
      at += params.c;
    }
  }
}
