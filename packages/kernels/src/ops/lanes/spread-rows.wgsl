// output[b, r, c] = scale * input[b, c]
//
// The adjoint of slab-sum.wgsl. One invocation owns WIDTH channels of params.block rows: a value is
// loaded once and stored often.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32,  // B * ceil(R / block) * C / WIDTH
  c: u32,      // C / WIDTH
  rows: u32,   // R
  block: u32,
  blocks: u32, // ceil(R / block)
  scale: f32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [B, C / WIDTH]
@group(0) @binding(1) var<storage, read_write> output: array<Element>; // [B, R, C / WIDTH]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.total) {
    return;
  }
  let c = i % params.c;
  let b = i / params.c / params.blocks;
  let first = i / params.c % params.blocks * params.block;
  let last = min(first + params.block, params.rows);
  let value = params.scale * input[b * params.c + c];
  var at = (b * params.rows + first) * params.c + c;
  for (var r = first; r < last; r++) {
    output[at] = value;
    at += params.c;
  }
}
