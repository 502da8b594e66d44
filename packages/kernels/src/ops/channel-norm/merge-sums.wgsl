// sum_grad[b, c]    = sum of grad_output over the rows
// sum_product[b, c] = sum of grad_output * normalized input over the rows
// means[0, b, c], means[1, b, c] = means of weight * the same over the rows and the channels of c's
//                                  group: the coefficients of grad-input.wgsl
//
// One invocation merges the slabs of one group, in fixed order.

const WORKGROUP: u32 = 64u;
const AFFINE: bool = true; // false: weight 1, and any array in its place

struct Params {
  total: u32,  // B * G
  groups: u32, // G
  size: u32,   // C / G
  rows: u32,   // R
  slabs: u32,  // S
  eps: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;           // [B, S, 2, C]
@group(0) @binding(1) var<storage, read> variance: array<f32>;          // [B, C]
@group(0) @binding(2) var<storage, read> weight: array<f32>;            // [C]
@group(0) @binding(3) var<storage, read_write> sum_grad: array<f32>;    // [B, C]
@group(0) @binding(4) var<storage, read_write> sum_product: array<f32>; // [B, C]
@group(0) @binding(5) var<storage, read_write> means: array<f32>;       // [2, B, C]
@group(0) @binding(6) var<uniform> params: Params;

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
  let first = i % params.groups * params.size;
  let b = i / params.groups;
  // All channels of a group have the same variance.
  let scale = 1.0 / sqrt(variance[b * c + first] + params.eps);
  var group_grad = 0.0;
  var group_product = 0.0;
  for (var channel = first; channel < first + params.size; channel++) {
    var grad = 0.0;
    var product = 0.0;
    for (var s = 0u; s < params.slabs; s++) {
      let at = (b * params.slabs + s) * 2u * c + channel;
      grad += partial[at];
      product += partial[at + c];
    }
    product *= scale;
    sum_grad[b * c + channel] = grad;
    sum_product[b * c + channel] = product;
    var w = 1.0;
    if (AFFINE) {
      w = weight[channel];
    }
    group_grad += w * grad;
    group_product += w * product;
  }
  let count = f32(params.rows) * f32(params.size);
  let pitch = params.total * params.size; // B * C
  for (var channel = first; channel < first + params.size; channel++) {
    means[b * c + channel] = group_grad / count;
    means[pitch + b * c + channel] = group_product / count;
  }
}
