// grad_input[n, h, w, c] = sum of grad_output over the outputs that sample the element, weighted
//
// A gather: one invocation owns WIDTH channels of one pixel of the input and visits, in row-major
// order, the outputs that may reach it.

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
  let w = pixel % params.w;
  let row = pixel / params.w;
  let h = row % params.h;
  let image = row / params.h * params.oh;
  let ys = sampling(h, vertical());
  let xs = sampling(w, horizontal());
  var acc = Element();
  for (var oh = ys.x; oh < ys.y; oh++) {
    let weight_h = weight_of(h, oh, vertical());
    if (weight_h == 0.0) {
      continue;
    }
    var line = Element();
    for (var ow = xs.x; ow < xs.y; ow++) {
      let at = ((image + oh) * params.ow + ow) * params.c + c;
      line += weight_of(w, ow, horizontal()) * grad_output[at];
    }
    acc += weight_h * line;
  }
  grad_input[i] = acc;
}
