// output[i] = philox((i, offset, 0) + counter, seed): the generator's own words
//
// One invocation per block of four words.

const LANES: u32 = 64u;

struct Params {
  vectors: u32,
  seed_low: u32,
  seed_high: u32,
  counter0: u32,
  counter1: u32,
  counter2: u32,
  counter3: u32,
}

@group(0) @binding(0) var<storage, read_write> output: array<vec4u>; // [vectors]
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (workgroup.y * grid.x + workgroup.x) * LANES + lane;
  if (i < params.vectors) {
    let counter =
      vec4u(params.counter0 + i, params.counter1, params.counter2, params.counter3);
    output[i] = philox(counter, vec2u(params.seed_low, params.seed_high));
  }
}
