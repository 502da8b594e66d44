// The weight in f32, four outputs at once.
@group(0) @binding(1) var<storage, read> weight: array<vec4f>; // [KH, KW, depth, weight_pitch]

fn weight4(at: u32) -> vec4f {
  return weight[at];
}
