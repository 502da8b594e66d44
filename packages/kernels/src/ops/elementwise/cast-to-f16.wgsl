// output[i] = input[i] in f16, two elements a word. Flat: see flat.wgsl.

struct Params { vectors: u32, }

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read_write> output: array<vec2u>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

fn each(i: u32) {
  let x = input[i];
  output[i] = vec2u(pack2x16float(x.xy), pack2x16float(x.zw));
}
