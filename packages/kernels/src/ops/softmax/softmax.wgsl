// output[r, c] = e^(x - m) / s, or its logarithm x - m - ln s; m = max_c x[r, c], s = sum_c e^(x - m)
//
// LANES invocations share a row (rows.wgsl); three passes over it. Rows beyond the last are walked
// as the last, so that barriers stay uniform, and not stored.

const LOG: bool = false;

struct Params { rows: u32, columns: u32, lowest: f32, }

@group(0) @binding(0) var<storage, read> input: array<f32>; // [rows, columns]
@group(0) @binding(1) var<storage, read_write> output: array<f32>; // [rows, columns]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) place: vec3u,
) {
  let row = (workgroup.y * grid.x + workgroup.x) * ROWS + place.y;
  let base = min(row, params.rows - 1u) * params.columns;
  var largest = params.lowest;
  for (var c = place.x; c < params.columns; c += LANES) { largest = max(largest, input[base + c]); }
  let m = row_max(largest, place);
  var sum = 0.0;
  for (var c = place.x; c < params.columns; c += LANES) { sum += exp(input[base + c] - m); }
  let s = row_sum(sum, place);
  if (row < params.rows) {
    for (var c = place.x; c < params.columns; c += LANES) {
      let x = input[base + c] - m;
      if (LOG) { output[base + c] = x - log(s); } else { output[base + c] = exp(x) / s; }
    }
  }
}
