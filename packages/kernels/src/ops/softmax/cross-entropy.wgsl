// loss[r] = sum_c t[r, c] (m + ln s - x[r, c]); m = max_c x, s = sum_c e^(x - m)
//
// t is one-hot for labels, given for class probabilities: `wanted` says which. A label beyond the
// classes makes the loss NaN. Terms with t = 0 are left out: x may be -infinity there. Rows as in
// softmax.wgsl.

alias Class = u32;

struct Params { rows: u32, columns: u32, lowest: f32, invalid: f32, }

@group(0) @binding(0) var<storage, read> logits: array<f32>; // [rows, columns]
@group(0) @binding(1) var<storage, read> classes: array<Class>; // [rows] or [rows, columns]
@group(0) @binding(2) var<storage, read_write> loss: array<f32>; // [rows]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) place: vec3u,
) {
  let row = (workgroup.y * grid.x + workgroup.x) * ROWS + place.y;
  let r = min(row, params.rows - 1u);
  let base = r * params.columns;
  var largest = params.lowest;
  for (var c = place.x; c < params.columns; c += LANES) {
    largest = max(largest, logits[base + c]);
  }
  let m = row_max(largest, place);
  var sum = 0.0;
  for (var c = place.x; c < params.columns; c += LANES) { sum += exp(logits[base + c] - m); }
  let log_sum = log(row_sum(sum, place));
  var share = 0.0;
  for (var c = place.x; c < params.columns; c += LANES) {
    let t = wanted(r, c);
    if (t != 0.0) { share += t * (log_sum - (logits[base + c] - m)); }
  }
  let total = row_sum(share, place);
  if (row < params.rows && place.x == 0u) {
    loss[row] = select(params.invalid, total, is_class(r));
  }
}
