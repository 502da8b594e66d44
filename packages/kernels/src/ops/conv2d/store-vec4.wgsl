// Stores four channels at once: O is a multiple of 4.
@group(0) @binding(3) var<storage, read> residual: array<vec4f>; // as output, or anything without one
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>; // [N, OH, OW, O]

fn residual4(at: u32) -> vec4f {
  return residual[at];
}

fn store4(at: u32, value: vec4f) {
  output[at] = value;
}

fn residual_at(element: u32, channel: u32) -> vec4f {
  return residual4((element + channel) / 4u);
}

fn store(element: u32, channel: u32, value: vec4f) {
  store4((element + channel) / 4u, value);
}
