// g = grad + weight_decay * parameter
// buffer = g on the first step, then momentum * buffer + (1 - dampening) * g
// parameter -= lr * (nesterov ? g + momentum * buffer : buffer)
//
// In place. Grid as in sgd.wgsl.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u; // per invocation

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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (workgroup.y * grid.x + workgroup.x) * LANES * VECTORS + lane;
  for (var vector = 0u; vector < VECTORS; vector++) {
    let i = first + vector * LANES;
    if (i < params.vectors) {
      let p = parameter[i];
      let g = grad[i] + params.weight_decay * p;
      var velocity = g;
      if (params.first == 0u) { velocity = params.momentum * buffer[i] + params.undamped * g; }
      buffer[i] = velocity;
      let direction = select(velocity, g + params.momentum * velocity, params.nesterov != 0u);
      parameter[i] = p - params.lr * direction;
    }
  }
}
