// Loads U = 2 channels in f16 at once: channels, and channels per group, are even.
@group(0) @binding(0) var<storage, read> source: array<u32>; // [N, H, W, C], two elements each

fn source_run(element: u32, valid: bool) -> array<f32, U> {
  let v = select(vec2f(), unpack2x16float(source[element / 2u]), valid);
  return array<f32, U>(v.x, v.y);
}
