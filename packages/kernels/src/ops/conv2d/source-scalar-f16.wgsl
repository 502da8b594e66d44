// Loads a source in f16 one channel at a time: any number of channels.
@group(0) @binding(0) var<storage, read> source: array<u32>; // [N, H, W, C], two elements each

fn source1(element: u32) -> f32 {
  return unpack2x16float(source[element / 2u])[element % 2u];
}

// Four channels from `element + k`; those at `depth` or above are zero.
fn load4(element: u32, k: u32) -> vec4f {
  var v = vec4f();
  for (var i = 0u; i < 4u; i++) {
    if (k + i < params.depth) {
      v[i] = source1(element + k + i);
    }
  }
  return v;
}
