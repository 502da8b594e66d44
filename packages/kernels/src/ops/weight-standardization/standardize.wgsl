// output[i, o] = (weight[i, o] - mean[o]) / (deviation[o] + EPS)
//
// with the unbiased deviation sqrt(sum of (weight - mean)^2 / (n - 1)) of the n elements of filter o.
// One workgroup owns CHANNEL_LANES elements of filters, whole: its rows are dealt to ROW_LANES
// invocations, which meet after the mean and after the squares.

const CHANNEL_LANES: u32 = 8u;
const EPS: f32 = 1e-5;

struct Params {
  rows: u32, // n = KH * KW * I
  c: u32,    // O / WIDTH
}

@group(0) @binding(0) var<storage, read> weight: array<Element>;          // [n, O / WIDTH]
@group(0) @binding(1) var<storage, read_write> output: array<Element>;    // [n, O / WIDTH]
@group(0) @binding(2) var<storage, read_write> mean: array<Element>;      // [O / WIDTH]
@group(0) @binding(3) var<storage, read_write> deviation: array<Element>; // [O / WIDTH]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(CHANNEL_LANES, ROW_LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let c = group.x * CHANNEL_LANES + lane.x;
  // Invocations beyond the last filter repeat it and write nothing: barriers need them all.
  let at = min(c, params.c - 1u);
  var sum = Element();
  for (var r = lane.y; r < params.rows; r += ROW_LANES) {
    sum += weight[r * params.c + at];
  }
  let center = share(sum, lane.x, lane.y) / f32(params.rows);
  var squares = Element();
  for (var r = lane.y; r < params.rows; r += ROW_LANES) {
    let d = weight[r * params.c + at] - center;
    squares += d * d;
  }
  let spread = sqrt(share(squares, lane.x, lane.y) / f32(params.rows - 1u));
  if (c < params.c) {
    for (var r = lane.y; r < params.rows; r += ROW_LANES) {
      output[r * params.c + c] = (weight[r * params.c + c] - center) / (spread + EPS);
    }
    if (lane.y == 0u) {
      mean[c] = center;
      deviation[c] = spread;
    }
  }
}
