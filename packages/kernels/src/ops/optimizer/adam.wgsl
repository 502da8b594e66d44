// p = (1 - lr * decoupled decay) * parameter; g = grad + weight_decay * p
// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2
// parameter = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
// What depends on t is computed on the host in float64. In place. Flat: see elementwise/flat.wgsl.

struct Params {
  vectors: u32,
  step_size: f32, // lr / (1 - beta1^t)
  keep: f32, // 1 - lr * decoupled decay
  weight_decay: f32, // coupled
  beta1: f32,
  one_minus_beta1: f32,
  beta2: f32,
  one_minus_beta2: f32,
  correction: f32, // sqrt(1 - beta2^t)
  eps: f32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> grad: array<vec4f>; // [vectors]
@group(0) @binding(2) var<storage, read_write> first_moment: array<vec4f>; // [vectors]
@group(0) @binding(3) var<storage, read_write> second_moment: array<vec4f>; // [vectors]
@group(0) @binding(4) var<uniform> params: Params;

fn each(i: u32) {
  let p = params.keep * parameter[i];
  let g = grad[i] + params.weight_decay * p;
  let m = params.beta1 * first_moment[i] + params.one_minus_beta1 * g;
  let v = params.beta2 * second_moment[i] + params.one_minus_beta2 * g * g;
  first_moment[i] = m;
  second_moment[i] = v;
  let denominator = sqrt(v) / params.correction + vec4f(params.eps);
  parameter[i] = p - params.step_size * (m / denominator);
}
