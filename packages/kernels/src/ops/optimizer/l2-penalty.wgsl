// d = parameter - start, or the parameter itself where ANCHORED is false
// gradient after = grad + scale * strength * d
// sums[slot + i] = sums of (d^2, parameter^2, grad^2 before, grad^2 after) of one invocation
//
// In place. One workgroup does LANES * VECTORS consecutive vectors, one invocation every LANES-th of
// them. The last vector may run over the contents, never over the buffer: what is there counts 0.

const LANES: u32 = 64u;
const VECTORS: u32 = 16u; // per invocation
const ANCHORED: bool = true;

struct Params {
  size: u32, // elements
  slot: u32, // of the first invocation
  slots: u32, // of this array
  scale: f32,
}

@group(0) @binding(0) var<storage, read> parameter: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> start: array<vec4f>; // [vectors], unused if not ANCHORED
@group(0) @binding(2) var<storage, read> strength: array<f32>; // [1]
@group(0) @binding(3) var<storage, read_write> grad: array<vec4f>; // [vectors]
@group(0) @binding(4) var<storage, read_write> sums: array<vec4f>; // [slots of all arrays]
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = workgroup.y * grid.x + workgroup.x;
  let slot = at * LANES + lane;
  if (slot >= params.slots) { return; }
  let factor = params.scale * strength[0];
  let vectors = (params.size + 3u) / 4u;
  var total = vec4f(0.0);
  for (var vector = 0u; vector < VECTORS; vector++) {
    let i = (at * VECTORS + vector) * LANES + lane;
    if (i < vectors) {
      let inside = vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.size);
      let p = select(vec4f(0.0), parameter[i], inside);
      var d = p;
      if (ANCHORED) { d = select(vec4f(0.0), p - start[i], inside); }
      let before = select(vec4f(0.0), grad[i], inside);
      let after = before + factor * d;
      grad[i] = after;
      total += vec4f(dot(d, d), dot(p, p), dot(before, before), dot(after, after));
    }
  }
  sums[params.slot + slot] = total;
}
