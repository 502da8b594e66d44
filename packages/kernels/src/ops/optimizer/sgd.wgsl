// parameter -= lr * (grad + weight_decay * parameter)
//
// In place. Flat: see elementwise/flat.wgsl.

struct Params { vectors: u32, lr: f32, weight_decay: f32, }

@group(0) @binding(0) var<storage, read_write> parameter: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> grad: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

fn each(i: u32) {
  let p = parameter[i];
  parameter[i] = p - params.lr * (grad[i] + params.weight_decay * p);
}
