// The weight in f16, four outputs at once.
@group(0) @binding(1) var<storage, read> weight: array<vec2u>; // [KH, KW, depth, weight_pitch]

fn weight4(at: u32) -> vec4f {
  let pairs = weight[at];
  return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}
