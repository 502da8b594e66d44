// output = (input[b, r, c] - mean[b, c]) / sqrt(variance[b, c] + eps) * weight[c] + bias[c]
//
// and then, in the same pass, plus a residual where RESIDUAL; its product with its own sigmoid where
// SILU, or nothing below zero where RELU.
//
// One invocation owns WIDTH channels of params.block rows: its coefficients are loaded once. The
// mean is subtracted first; folding it into the bias would cancel where it is large.

const WORKGROUP: u32 = 64u;
const AFFINE: bool = true; // false: weight 1, bias 0, and any arrays in their places
const SILU: bool = false;
const RELU: bool = false;
const RESIDUAL: bool = false; // false: any array in its place

struct Params {
  total: u32,  // B * ceil(R / block) * C / WIDTH
  c: u32,      // C / WIDTH
  rows: u32,   // R
  block: u32,
  blocks: u32, // ceil(R / block)
  eps: f32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [B, R, C / WIDTH]
@group(0) @binding(1) var<storage, read> mean: array<Element>;         // [B, C / WIDTH]
@group(0) @binding(2) var<storage, read> variance: array<Element>;     // [B, C / WIDTH]
@group(0) @binding(3) var<storage, read> weight: array<Element>;       // [C / WIDTH]
@group(0) @binding(4) var<storage, read> bias: array<Element>;         // [C / WIDTH]
@group(0) @binding(5) var<storage, read> residual: array<Element>;     // [B, R, C / WIDTH]
@group(0) @binding(6) var<storage, read_write> output: array<Element>; // [B, R, C / WIDTH]
@group(0) @binding(7) var<uniform> params: Params;

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
  let center = mean[b * params.c + c];
  var scale = 1.0 / sqrt(variance[b * params.c + c] + params.eps);
  var shift = Element();
  if (AFFINE) {
    scale *= weight[c];
    shift = bias[c];
  }
  var at = (b * params.rows + first) * params.c + c;
  for (var r = first; r < last; r++) {
    var y = (input[at] - center) * scale + shift;
    if (RESIDUAL) {
      y += residual[at];
    }
    if (SILU) {
      y *= logistic(y);
    }
    if (RELU) {
      y = select(y, Element(), y <= Element()); // NaN stays NaN
    }
    output[at] = y;
    at += params.c;
  }
}
