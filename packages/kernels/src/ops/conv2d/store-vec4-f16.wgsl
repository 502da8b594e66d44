// Stores four channels in f16 at once: O is a multiple of 4. Two elements a word: what is no vec4
// would share words with other invocations.
@group(0) @binding(3) var<storage, read> residual: array<vec2u>; // as output, or anything without one
@group(0) @binding(4) var<storage, read_write> output: array<vec2u>; // [N, OH, OW, O]

fn residual4(at: u32) -> vec4f {
  let pairs = residual[at];
  return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}

fn store4(at: u32, value: vec4f) {
  output[at] = vec2u(pack2x16float(value.xy), pack2x16float(value.zw));
}

fn residual_at(element: u32, channel: u32) -> vec4f {
  return residual4((element + channel) / 4u);
}

fn store(element: u32, channel: u32, value: vec4f) {
  store4((element + channel) / 4u, value);
}
