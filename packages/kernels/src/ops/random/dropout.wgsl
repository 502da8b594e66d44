// output[4 i + j] = bits_j >= threshold ? scale * input[4 i + j] : 0,
// bits = philox(first_vector + i, offset, seed)
//
// The mask is never stored: the same seed and offset give it again for the gradient. Flat: see
// elementwise/flat.wgsl.

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

fn each(i: u32) {
  let counter = vec4u(params.first_vector + i, params.offset_low, params.offset_high, 0u);
  let bits = philox(counter, vec2u(params.seed_low, params.seed_high));
  let kept = bits >= vec4u(params.threshold);
  output[i] = select(vec4f(0.0), params.scale * input[i], kept);
}
