// Loads the source one channel at a time: any number of channels.
@group(0) @binding(0) var<storage, read> source: array<f32>; // [N, H, W, C]

fn source1(element: u32) -> f32 {
  return source[element];
}

// Four channels from `element + k`; those at `depth` or above are zero.
fn load4(element: u32, k: u32) -> vec4f {
  var v = vec4f();
  for (var i = 0u; i < 4u; i++) {
    if (k + i < params.depth) {
      v[i] = source[element + k + i];
    }
  }
  return v;
}
