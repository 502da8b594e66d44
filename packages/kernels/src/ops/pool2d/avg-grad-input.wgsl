// grad_input[n, h, w, c] = sum of grad_output / size over the windows that hold the element
//
// A gather: one invocation owns WIDTH channels of one pixel of the input and visits the windows in
// row-major order.

const WORKGROUP: u32 = 64u;

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
  let c = i % params.c;
  let pixel = i / params.c;
  let row = pixel / params.w;
  let image = row / params.h * params.oh;

  let ys = covering(row % params.h, vertical());
  let xs = covering(pixel % params.w, horizontal());
  var acc = Element();
  for (var oh = ys.x; oh < ys.y; oh++) {
    let rows = extent(oh, vertical());
    for (var ow = xs.x; ow < xs.y; ow++) {
      let at = ((image + oh) * params.ow + ow) * params.c + c;
      acc += grad_output[at] / f32(rows * extent(ow, horizontal()));
    }
  }
  grad_input[i] = acc;
}
