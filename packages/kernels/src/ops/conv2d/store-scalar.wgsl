// Stores up to four channels one by one: O is any number.
@group(0) @binding(3) var<storage, read_write> output: array<f32>; // [N, OH, OW, O]

fn store(element: u32, channel: u32, value: vec4f) {
  for (var i = 0u; i < 4u; i++) {
    if (channel + i < params.out_c) {
      output[element + channel + i] = value[i];
    }
  }
}
