// packed[tap, o, c] = weight[tap, c, o], for whole vec4s of both and one group.
//
// An invocation turns a block of 4 x 4: four loads and four stores of vec4s move sixteen elements,
// where pack-weight.wgsl takes a load, a store and its divisions for each.

struct Params {
  total: u32, // taps * C / 4 * O / 4
  inputs4: u32, // C / 4
  outputs4: u32, // O / 4
}

@group(0) @binding(0) var<storage, read> weight: array<vec4f>; // [KH, KW, C, O]
@group(0) @binding(1) var<storage, read_write> packed: array<vec4f>; // [KH, KW, O, C]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
  if (index >= params.total) {
    return;
  }
  let c4 = index % params.inputs4;
  let o4 = index / params.inputs4 % params.outputs4;
  let tap = index / params.inputs4 / params.outputs4;
  let first = (tap * params.inputs4 + c4) * 4u * params.outputs4 + o4;
  let r0 = weight[first];
  let r1 = weight[first + params.outputs4];
  let r2 = weight[first + 2u * params.outputs4];
  let r3 = weight[first + 3u * params.outputs4];
  let place = (tap * params.outputs4 + o4) * 4u * params.inputs4 + c4;
  packed[place] = vec4f(r0.x, r1.x, r2.x, r3.x);
  packed[place + params.inputs4] = vec4f(r0.y, r1.y, r2.y, r3.y);
  packed[place + 2u * params.inputs4] = vec4f(r0.z, r1.z, r2.z, r3.z);
  packed[place + 3u * params.inputs4] = vec4f(r0.w, r1.w, r2.w, r3.w);
}
