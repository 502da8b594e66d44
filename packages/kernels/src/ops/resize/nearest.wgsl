// output[n, y, x, c] = input[n, y / factor_h, x / factor_w, c]

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32, // N * OH * OW * C / WIDTH
  c: u32,     // C / WIDTH
  w: u32, ow: u32,
  factor_h: u32, factor_w: u32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [N, H, W, C / WIDTH]
@group(0) @binding(1) var<storage, read_write> output: array<Element>; // [N, OH, OW, C / WIDTH]
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
  // Rows of all images are numbered through: OH = H * factor_h.
  let row = pixel / params.ow / params.factor_h;
  let column = pixel % params.ow / params.factor_w;
  output[i] = input[(row * params.w + column) * params.c + i % params.c];
}
