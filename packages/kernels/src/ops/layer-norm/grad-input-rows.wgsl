// grad_input[r, c] = scale * (h - mean over the row of h - x * mean over the row of (h * x))
//
// with h = weight * grad_output and x the normalized input; the derivation is in
// channel-norm/channel-norm.ts, a group being a row. Workgroups as in normalize-rows.wgsl.

const AFFINE: bool = true; // false: weight 1, and any array in its place

struct Params {
  rows: u32, // R
  c: u32,    // C / WIDTH
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;      // [R, C / WIDTH]
@group(0) @binding(1) var<storage, read> input: array<Element>;            // [R, C / WIDTH]
@group(0) @binding(2) var<storage, read> weight: array<Element>;           // [C / WIDTH]
@group(0) @binding(3) var<storage, read> mean: array<f32>;                 // [R]
@group(0) @binding(4) var<storage, read> scale: array<f32>;                // [R]
@group(0) @binding(5) var<storage, read_write> grad_input: array<Element>; // [R, C / WIDTH]
@group(0) @binding(6) var<uniform> params: Params;

fn slope(at: u32, c: u32) -> Element {
  if (AFFINE) {
    return grad_output[at] * weight[c];
  }
  return grad_output[at];
}

@compute @workgroup_size(CHANNEL_LANES, ROW_LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let row = (group.y * groups.x + group.x) * ROW_LANES + lane.y;
  // Invocations beyond the last row repeat it and write nothing: barriers need them all.
  let inside = min(row, params.rows - 1u);
  let start = inside * params.c;
  let center = mean[inside];
  let factor = scale[inside];
  var slopes = Element();
  var products = Element();
  for (var c = lane.x; c < params.c; c += CHANNEL_LANES) {
    let h = slope(start + c, c);
    slopes += h;
    products += h * (input[start + c] - center);
  }
  let count = f32(params.c * WIDTH);
  let offset = total(share(slopes, lane.x, lane.y)) / count;
  let along = total(share(products, lane.x, lane.y)) / count * factor * factor;
  if (row < params.rows) {
    for (var c = lane.x; c < params.c; c += CHANNEL_LANES) {
      let at = start + c;
      grad_input[at] = factor * (slope(at, c) - offset - (input[at] - center) * along);
    }
  }
}
