// grad_input = y (g - sum_c g y) for y = softmax(x), and g - e^y sum_c g for y = ln softmax(x)
//
// Rows as in softmax.wgsl.

const LOG: bool = false;

struct Params { rows: u32, columns: u32, }

@group(0) @binding(0) var<storage, read> grad_output: array<f32>; // [rows, columns]
@group(0) @binding(1) var<storage, read> output: array<f32>; // [rows, columns], of the forward pass
@group(0) @binding(2) var<storage, read_write> grad_input: array<f32>; // [rows, columns]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES, ROWS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) place: vec3u,
) {
  let row = (workgroup.y * grid.x + workgroup.x) * ROWS + place.y;
  let base = min(row, params.rows - 1u) * params.columns;
  var sum = 0.0;
  for (var c = place.x; c < params.columns; c += LANES) {
    if (LOG) { sum += grad_output[base + c]; }
    else { sum = fma(grad_output[base + c], output[base + c], sum); }
  }
  let s = row_sum(sum, place);
  if (row < params.rows) {
    for (var c = place.x; c < params.columns; c += LANES) {
      let g = grad_output[base + c];
      let y = output[base + c];
      if (LOG) { grad_input[base + c] = g - exp(y) * s; }
      else { grad_input[base + c] = y * (g - s); }
    }
  }
}
