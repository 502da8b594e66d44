// grad_logits[r, c] = g (softmax(x)[r, c] sum_k t[r, k] - t[r, c]), g = scale * grad_output of row r
//
// The softmax is computed again rather than stored. Rows as in softmax.wgsl, t as in
// cross-entropy.wgsl.

alias Class = u32;

struct Params {
  rows: u32,
  columns: u32,
  lowest: f32,
  invalid: f32,
  scale: f32, // 1 / rows for a mean
  grad_step: u32, // 0 where all rows share one loss
}

@group(0) @binding(0) var<storage, read> grad_output: array<f32>; // [rows] or []
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [rows, columns]
@group(0) @binding(2) var<storage, read> classes: array<Class>; // [rows] or [rows, columns]
@group(0) @binding(3) var<storage, read_write> grad_logits: array<f32>; // [rows, columns]
@group(0) @binding(4) var<uniform> params: Params;

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
  var wanted_sum = 0.0;
  for (var c = place.x; c < params.columns; c += LANES) {
    sum += exp(logits[base + c] - m);
    wanted_sum += wanted(r, c);
  }
  let s = row_sum(sum, place);
  let factor = row_sum(wanted_sum, place) / s;
  let grad = select(params.invalid, params.scale * grad_output[r * params.grad_step], is_class(r));
  if (row < params.rows) {
    for (var c = place.x; c < params.columns; c += LANES) {
      grad_logits[base + c] = grad * (factor * exp(logits[base + c] - m) - wanted(r, c));
    }
  }
}
