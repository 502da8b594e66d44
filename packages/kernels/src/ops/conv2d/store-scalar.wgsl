// Stores up to four channels one by one: O is any number.
@group(0) @binding(3) var<storage, read> residual: array<f32>; // as output, or anything without one
@group(0) @binding(4) var<storage, read_write> output: array<f32>; // [N, OH, OW, O]

fn residual_at(element: u32, channel: u32) -> vec4f {
  let last = element + params.out_c - 1u;
  let at = element + channel;
  return vec4f(
    residual[at],
    residual[min(at + 1u, last)],
    residual[min(at + 2u, last)],
    residual[min(at + 3u, last)],
  );
}

fn store(element: u32, channel: u32, value: vec4f) {
  for (var i = 0u; i < 4u; i++) {
    if (channel + i < params.out_c) {
      output[element + channel + i] = value[i];
    }
  }
}
