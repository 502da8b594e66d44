// output[r, c] = (input[r, c] - mean[r]) / sqrt(variance[r] + eps) * weight[c] + bias[c]
//
// with mean and biased variance of the row: its mean first, then the squared differences. A
// workgroup owns ROW_LANES rows, whole; CHANNEL_LANES invocations share each.

const AFFINE: bool = true; // false: weight 1, bias 0, and any arrays in their places

struct Params {
  rows: u32, // R
  c: u32,    // C / WIDTH
  eps: f32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [R, C / WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<Element>;       // [C / WIDTH]
@group(0) @binding(2) var<storage, read> bias: array<Element>;         // [C / WIDTH]
@group(0) @binding(3) var<storage, read_write> output: array<Element>; // [R, C / WIDTH]
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;       // [R]
@group(0) @binding(5) var<storage, read_write> scale: array<f32>;      // [R]: 1 / sqrt(variance + eps)
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(CHANNEL_LANES, ROW_LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let row = (group.y * groups.x + group.x) * ROW_LANES + lane.y;
  // Invocations beyond the last row repeat it and write nothing: barriers need them all.
  let start = min(row, params.rows - 1u) * params.c;
  let count = f32(params.c * WIDTH);
  var sums = Element();
  for (var c = lane.x; c < params.c; c += CHANNEL_LANES) {
    sums += input[start + c];
  }
  let center = total(share(sums, lane.x, lane.y)) / count;
  var squares = Element();
  for (var c = lane.x; c < params.c; c += CHANNEL_LANES) {
    let d = input[start + c] - center;
    squares += d * d;
  }
  let factor = 1.0 / sqrt(total(share(squares, lane.x, lane.y)) / count + params.eps);
  if (row < params.rows) {
    for (var c = lane.x; c < params.c; c += CHANNEL_LANES) {
      var y = (input[start + c] - center) * factor;
      if (AFFINE) {
        y = y * weight[c] + bias[c];
      }
      output[start + c] = y;
    }
    if (lane.x == 0u) {
      mean[row] = center;
      scale[row] = factor;
    }
  }
}
