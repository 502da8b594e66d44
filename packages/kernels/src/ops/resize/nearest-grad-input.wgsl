// grad_input[n, h, w, c] = sum of grad_output over the factor_h x factor_w block of the element

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32, // N * H * W * C / WIDTH
  c: u32,     // C / WIDTH
  w: u32, ow: u32,
  factor_h: u32, factor_w: u32,
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;      // [N, OH, OW, C / WIDTH]
@group(0) @binding(1) var<storage, read_write> grad_input: array<Element>; // [N, H, W, C / WIDTH]
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
  let pixel = i / params.c;
  let row = pixel / params.w * params.factor_h;
  let column = pixel % params.w * params.factor_w;
  var acc = Element();
  for (var y = 0u; y < params.factor_h; y++) {
    var at = ((row + y) * params.ow + column) * params.c + i % params.c;
    for (var x = 0u; x < params.factor_w; x++) {
      acc += grad_output[at];
      at += params.c;
    }
  }
  grad_input[i] = acc;
}
