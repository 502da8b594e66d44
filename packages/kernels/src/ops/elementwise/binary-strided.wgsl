// output[i0, …, i5] = combine(a[Σ ik a_k], b[Σ ik b_k]): any broadcast of up to six axes.
//
// The fallback for shapes that collapse to neither one axis nor three. Scalar; one workgroup does
// LANES * ELEMENTS consecutive elements, one invocation every LANES-th of them.

const LANES: u32 = 64u;
const ELEMENTS: u32 = 4u; // per invocation

struct Params {
  elements: u32,
  size1: u32, size2: u32, size3: u32, size4: u32, size5: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, a4: u32, a5: u32, // steps
  b0: u32, b1: u32, b2: u32, b3: u32, b4: u32, b5: u32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [size0, …, size5]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (workgroup.y * grid.x + workgroup.x) * LANES * ELEMENTS + lane;
  for (var element = 0u; element < ELEMENTS; element++) {
    let i = first + element * LANES;
    if (i < params.elements) {
      let q5 = i / params.size5;
      let q4 = q5 / params.size4;
      let q3 = q4 / params.size3;
      let q2 = q3 / params.size2;
      let i0 = q2 / params.size1;
      let i1 = q2 - i0 * params.size1;
      let i2 = q3 - q2 * params.size2;
      let i3 = q4 - q3 * params.size3;
      let i4 = q5 - q4 * params.size4;
      let i5 = i - q5 * params.size5;
      let at_a = i0 * params.a0 + i1 * params.a1 + i2 * params.a2
        + i3 * params.a3 + i4 * params.a4 + i5 * params.a5;
      let at_b = i0 * params.b0 + i1 * params.b1 + i2 * params.b2
        + i3 * params.b3 + i4 * params.b4 + i5 * params.b5;
      output[i] = combine(a[at_a], b[at_b]);
    }
  }
}
