// output[i0, …, i5] = input[i0 - before0, …, i5 - before5], or the pad's bits outside the input
//
// The index into the input follows by Horner's rule from its sizes. An index below `before` wraps
// to a huge u32, so one comparison per axis finds both sides. Grid as in gather.wgsl.

alias Element = vec4u;

const LANES: u32 = 64u;
const ELEMENTS: u32 = 4u; // per invocation
const AXES: u32 = 6u; // 3 where axes 0 to 2 have size 1: divisions are the cost on a CPU

struct Params {
  count: u32, // Elements of the output
  size1: u32, size2: u32, size3: u32, size4: u32, size5: u32, // of the output
  before0: u32, before1: u32, before2: u32, before3: u32, before4: u32, before5: u32,
  input0: u32, input1: u32, input2: u32, input3: u32, input4: u32, input5: u32, // sizes
  bits: u32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>; // [input0, …, input5]
@group(0) @binding(1) var<storage, read_write> output: array<Element>; // [size0, …, size5]
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
      let q5 = i / params.size5;
      let q4 = q5 / params.size4;
      let q3 = select(0u, q4 / params.size3, AXES > 3u);
      let q2 = select(0u, q3 / params.size2, AXES > 3u);
      let q1 = select(0u, q2 / params.size1, AXES > 3u);
      let i0 = q1 - params.before0;
      let i1 = q2 - q1 * params.size1 - params.before1;
      let i2 = q3 - q2 * params.size2 - params.before2;
      let i3 = q4 - q3 * params.size3 - params.before3;
      let i4 = q5 - q4 * params.size4 - params.before4;
      let i5 = i - q5 * params.size5 - params.before5;
      let inside = i0 < params.input0 && i1 < params.input1 && i2 < params.input2
        && i3 < params.input3 && i4 < params.input4 && i5 < params.input5;
      let rows = ((i0 * params.input1 + i1) * params.input2 + i2) * params.input3 + i3;
      let at = (rows * params.input4 + i4) * params.input5 + i5;
      var value = Element(params.bits);
      if (inside) { value = input[at]; }
      output[i] = value;
    }
  }
}
