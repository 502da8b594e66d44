// output[i] = input[i] of f16, two elements a word. Flat: see flat.wgsl.

struct Params { vectors: u32, }

@group(0) @binding(0) var<storage, read> input: array<vec2u>; // [vectors]
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

fn each(i: u32) {
  let pairs = input[i];
  output[i] = vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}
