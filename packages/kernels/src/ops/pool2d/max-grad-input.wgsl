// grad_input[n, h, w, c] = sum of grad_output over the windows whose maximum was this element.
//
// A gather: one invocation owns WIDTH channels of one pixel of the input and looks at each window
// that reaches it, in row-major order. The element at place k of window o is at o * s - p + k * d.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32, // N * H * W * C / WIDTH
  c: u32,     // C / WIDTH
  h: u32, w: u32, oh: u32, ow: u32,
  kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32, dh: u32, dw: u32,
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;      // [N, OH, OW, C / WIDTH]
@group(0) @binding(1) var<storage, read> indices: array<u32>;              // [N, OH, OW, C / WIDTH]
@group(0) @binding(2) var<storage, read_write> grad_input: array<Element>; // [N, H, W, C / WIDTH]
@group(0) @binding(3) var<uniform> params: Params;

// The windows that span a padded position: first and last, exclusive.
fn windows(position: u32, k: u32, s: u32, d: u32, count: u32) -> vec2u {
  let reach = d * (k - 1u);
  let first = select(0u, (position - reach + s - 1u) / s, position > reach);
  return vec2u(first, min(position / s + 1u, count));
}

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
  let x = pixel % params.w + params.pw;
  let row = pixel / params.w;
  let y = row % params.h + params.ph;
  let image = row / params.h * params.oh;

  let ys = windows(y, params.kh, params.sh, params.dh, params.oh);
  let xs = windows(x, params.kw, params.sw, params.dw, params.ow);
  var acc = Element();
  for (var oh = ys.x; oh < ys.y; oh++) {
    let dy = y - oh * params.sh;
    // With dilation some windows span the row without an element on it.
    if (dy % params.dh != 0u) {
      continue;
    }
    for (var ow = xs.x; ow < xs.y; ow++) {
      let dx = x - ow * params.sw;
      if (dx % params.dw != 0u) {
        continue;
      }
      let place = dy / params.dh * params.kw + dx / params.dw;
      let at = ((image + oh) * params.ow + ow) * params.c + c;
      acc += select(Element(), grad_output[at], unpack(indices[at]) == Index(place));
    }
  }
  grad_input[i] = acc;
}
