// output[n, oh, ow, c] = sum of input over the window / its size
//
// One invocation computes WIDTH channels of one pixel of output. What a window is, windows.wgsl
// says: strided-windows.wgsl or adaptive-windows.wgsl.

const WORKGROUP: u32 = 64u;

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
  let c = i % params.c;
  let pixel = i / params.c;
  let ow = pixel % params.ow;
  let row = pixel / params.ow;
  let oh = row % params.oh;
  let image = row / params.oh * params.h;

  let ys = window(oh, vertical());
  let xs = window(ow, horizontal());
  var acc = Element();
  for (var y = ys.x; y < ys.y; y++) {
    var at = ((image + y) * params.w + xs.x) * params.c + c;
    for (var x = xs.x; x < xs.y; x++) {
      acc += input[at];
      at += params.c;
    }
  }
  output[i] = acc / f32(extent(oh, vertical()) * extent(ow, horizontal()));
}
