// output[i0, …, i5] = input[offset + Σ ik step_k]
//
// Permutations, slices, flips (negative steps) and broadcasts (steps of 0) of any 4-byte type, moved
// as bits. One workgroup does LANES * ELEMENTS consecutive Elements, one invocation every LANES-th
// of them; Element is a vector where the last axis is contiguous on both sides.

alias Element = vec4u;

const LANES: u32 = 64u;
const ELEMENTS: u32 = 4u; // per invocation
const AXES: u32 = 6u; // 3 where axes 0 to 2 have size 1: divisions are the cost on a CPU

struct Params {
  count: u32, // Elements of the output
  size1: u32, size2: u32, size3: u32, size4: u32, size5: u32,
  offset: i32,
  step0: i32, step1: i32, step2: i32, step3: i32, step4: i32, step5: i32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;
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
      let i0 = select(0u, q2 / params.size1, AXES > 3u);
      let at = params.offset
        + i32(i0) * params.step0
        + i32(q2 - i0 * params.size1) * params.step1
        + i32(q3 - q2 * params.size2) * params.step2
        + i32(q4 - q3 * params.size3) * params.step3
        + i32(q5 - q4 * params.size4) * params.step4
        + i32(i - q5 * params.size5) * params.step5;
      output[i] = input[u32(at)];
    }
  }
}
