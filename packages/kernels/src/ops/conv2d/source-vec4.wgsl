// Loads four channels at once: channels, and channels per group, are multiples of 4.
@group(0) @binding(0) var<storage, read> source: array<vec4f>; // [N, H, W, C]

fn source4(at: u32) -> vec4f {
  return source[at];
}

fn load4(element: u32, k: u32) -> vec4f {
  return source4((element + k) / 4u);
}
