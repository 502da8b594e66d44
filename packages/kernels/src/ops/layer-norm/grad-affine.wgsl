// sum_grad[s, c]    = sum of grad_output[r, c] over the rows r of slab s
// sum_product[s, c] = sum of grad_output[r, c] * (input[r, c] - mean[r]) * scale[r]
//
// One invocation sums WIDTH channels of one slab; a second phase sums the slabs.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32,     // S * C / WIDTH
  c: u32,         // C / WIDTH
  rows: u32,      // R
  slab_rows: u32, // ceil(R / S)
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;       // [R, C / WIDTH]
@group(0) @binding(1) var<storage, read> input: array<Element>;             // [R, C / WIDTH]
@group(0) @binding(2) var<storage, read> mean: array<f32>;                  // [R]
@group(0) @binding(3) var<storage, read> scale: array<f32>;                 // [R]
@group(0) @binding(4) var<storage, read_write> sum_grad: array<Element>;    // [S, C / WIDTH]
@group(0) @binding(5) var<storage, read_write> sum_product: array<Element>; // [S, C / WIDTH]
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
  let c = i % params.c;
  let first = i / params.c * params.slab_rows;
  let last = min(first + params.slab_rows, params.rows);
  var grad = Element();
  var product = Element();
  for (var r = first; r < last; r++) {
    let at = r * params.c + c;
    let g = grad_output[at];
    grad += g;
    product += g * ((input[at] - mean[r]) * scale[r]);
  }
  sum_grad[i] = grad;
  sum_product[i] = product;
}
