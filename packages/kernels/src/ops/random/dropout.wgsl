// output[4 i + j] = bits_j >= threshold ? scale * input[4 i + j] : 0,
// bits = philox(first_vector + i, offset, seed)
//
// The mask is never stored: the same seed and offset give it again for the gradient. Grid as in
// elementwise/unary.wgsl.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

struct Params {
  vectors: u32,
  first_vector: u32,
  seed_low: u32,
  seed_high: u32,
  offset_low: u32,
  offset_high: u32,
  threshold: u32, // p * 2^32
  scale: f32, // 1 / (1 - p)
}

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (workgroup.y * grid.x + workgroup.x) * LANES * VECTORS + lane;
  for (var vector = 0u; vector < VECTORS; vector++) {
    let i = first + vector * LANES;
    if (i < params.vectors) {
      let counter = vec4u(params.first_vector + i, params.offset_low, params.offset_high, 0u);
      let bits = philox(counter, vec2u(params.seed_low, params.seed_high));
      let kept = bits >= vec4u(params.threshold);
      output[i] = select(vec4f(0.0), params.scale * input[i], kept);
    }
  }
}
