// grad_input[i] = grad_output[i] * derivative(saved[i])
//
// `saved` is the input or the output of the forward pass, as the op's row says. Flat:
// see flat.wgsl.

struct Params { vectors: u32, alpha: f32, beta: f32, }

@group(0) @binding(0) var<storage, read> grad_output: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> saved: array<vec4f>; // [vectors]
@group(0) @binding(2) var<storage, read_write> grad_input: array<vec4f>; // [vectors]
@group(0) @binding(3) var<uniform> params: Params;

fn each(i: u32) {
  let s = saved[i];
  grad_input[i] = grad_output[i]
    * vec4f(derivative(s.x), derivative(s.y), derivative(s.z), derivative(s.w));
}
