// Loads U = 2 channels at once: channels, and channels per group, are even.
@group(0) @binding(0) var<storage, read> source: array<vec2f>; // [N, H, W, C]

fn source_run(element: u32, valid: bool) -> array<f32, U> {
  let v = select(vec2f(), source[element / 2u], valid);
  return array<f32, U>(v.x, v.y);
}
