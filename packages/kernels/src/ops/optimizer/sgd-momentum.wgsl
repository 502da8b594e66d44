// g = grad + weight_decay * parameter
// buffer = g on the first step, then momentum * buffer + (1 - dampening) * g
// parameter -= lr * (nesterov ? g + momentum * buffer : buffer)
//
// In place. Flat: see elementwise/flat.wgsl.

struct Params {
  vectors: u32,
  lr: f32,
  weight_decay: f32,
  momentum: f32,
  undamped: f32, // 1 - dampening
  nesterov: u32,
  first: u32, // whether the buffer is undefined yet
}

@group(0) @binding(0) var<storage, read_write> parameter: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> grad: array<vec4f>; // [vectors]
@group(0) @binding(2) var<storage, read_write> buffer: array<vec4f>; // [vectors]
@group(0) @binding(3) var<uniform> params: Params;

fn each(i: u32) {
  let p = parameter[i];
  let g = grad[i] + params.weight_decay * p;
  var velocity = g;
  if (params.first == 0u) { velocity = params.momentum * buffer[i] + params.undamped * g; }
  buffer[i] = velocity;
  let direction = select(velocity, g + params.momentum * velocity, params.nesterov != 0u);
  parameter[i] = p - params.lr * direction;
}
