// Loads four channels in f16 at once: channels, and channels per group, are multiples of 4.
@group(0) @binding(0) var<storage, read> source: array<vec2u>; // [N, H, W, C], two elements a word

fn source4(at: u32) -> vec4f {
  let pairs = source[at];
  return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}

fn load4(element: u32, k: u32) -> vec4f {
  return source4((element + k) / 4u);
}
