// output[o, r, c] = combine(a[o, r, c], b[o, r, c]), either operand repeated along some axes.
//
// The broadcasts of a network: a channel vector over [N, H, W, C], one number per sample, a gate
// [N, 1, 1, C]. An invocation keeps one column c and takes every row_lanes-th row, so that there is
// one division per invocation, and neighbours read neighbours. The grid's y is o.
// Columns are counted in units of `Element`; an operand that is constant along c is bound as f32.

alias Element = vec4f;
alias A = vec4f;
alias B = f32;

const LANES: u32 = 64u;

struct Params {
  rows: u32,
  columns: u32, // Elements
  row_lanes: u32,
  a_outer: u32, // steps in units of A
  a_row: u32,
  a_column: u32,
  b_outer: u32, // steps in units of B
  b_row: u32,
  b_column: u32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<storage, read> a: array<A>;
@group(0) @binding(1) var<storage, read> b: array<B>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>; // [outer, rows, columns]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = workgroup.x * LANES + lane;
  let outer = workgroup.y;
  let column = i % params.columns;
  let first = i / params.columns;
  if (first >= params.row_lanes) { return; }
  let a_base = outer * params.a_outer + column * params.a_column;
  let b_base = outer * params.b_outer + column * params.b_column;
  let output_base = outer * params.rows * params.columns + column;
  for (var row = first; row < params.rows; row += params.row_lanes) {
    let x = Element(a[a_base + row * params.a_row]);
    let y = Element(b[b_base + row * params.b_row]);
    output[output_base + row * params.columns] = combine_elements(x, y);
  }
}
