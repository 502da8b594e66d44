// output[r, offset + c] = input[r, c]: one operand of a concatenation
//
// The other columns of output stay as they are. Grid as in gather.wgsl.

alias Element = vec4u;

const LANES: u32 = 64u;
const ELEMENTS: u32 = 4u; // per invocation

struct Params {
  count: u32, // Elements of the input
  columns: u32, // Elements of a row of the input
  output_columns: u32,
  offset: u32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>; // [rows, columns]
@group(0) @binding(1) var<storage, read_write> output: array<Element>; // [rows, output_columns]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (workgroup.y * grid.x + workgroup.x) * LANES * ELEMENTS + lane;
  for (var element = 0u; element < ELEMENTS; element++) {
    let i = first + element * LANES;
    if (i < params.count) {
      let row = i / params.columns;
      output[row * (params.output_columns - params.columns) + params.offset + i] = input[i];
    }
  }
}
