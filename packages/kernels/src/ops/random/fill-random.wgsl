// output[4 i + j] = scale * draw_j(philox(i, offset, seed)) + shift
//
// One block of the generator gives four values; `draw` makes them uniform or normal. Values depend
// on seed, offset and place alone. Flat: see elementwise/flat.wgsl.

struct Params {
  vectors: u32,
  seed_low: u32,
  seed_high: u32,
  offset_low: u32,
  offset_high: u32,
  scale: f32,
  shift: f32,
}

@group(0) @binding(0) var<storage, read_write> output: array<vec4f>; // [vectors]
@group(0) @binding(1) var<uniform> params: Params;

fn uniform_values(bits: vec4u) -> vec4f {
  return unit_interval(bits);
}

// Box and Muller: two uniform values make two normal ones. The radius is of 1 - u, which is in
// (0, 1]: its logarithm is finite.
fn normal_values(bits: vec4u) -> vec4f {
  let u = unit_interval(bits);
  let radius = sqrt(-2.0 * log(vec2f(1.0) - u.xy));
  let angle = 6.283185307179586 * u.zw;
  return vec4f(radius * cos(angle), radius * sin(angle));
}

fn each(i: u32) {
  let counter = vec4u(i, params.offset_low, params.offset_high, 0u);
  let bits = philox(counter, vec2u(params.seed_low, params.seed_high));
  output[i] = fma(vec4f(params.scale), draw(bits), vec4f(params.shift));
}
