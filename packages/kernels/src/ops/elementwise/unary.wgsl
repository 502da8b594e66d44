// output[i] = forward(input[i])
// Flat: each(i) is called by flat.wgsl.

struct Params { vectors: u32, alpha: f32, beta: f32, }

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

fn each(i: u32) {
  let x = input[i];
  output[i] = vec4f(forward(x.x), forward(x.y), forward(x.z), forward(x.w));
}
