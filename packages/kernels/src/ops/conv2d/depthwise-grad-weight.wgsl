// Weight gradient of the depthwise convolution: four channels of one kernel row an invocation, the
// KW sums in registers. The window of input columns moves along the row, so each step loads SW
// samples and one gradient for 4 * KW products. Slabs of rows as in grad-weight.wgsl.
//
//   partials[slab, kh, kw, c] = sum over rows (n, y) of the slab and x of
//     input[n, y * stride + kh - pad, x * stride + kw - pad, c] * grad_output[n, y, x, c]

const KW: u32 = 3u;
const SW: u32 = 1u; // horizontal stride, at most KW
const LANES: u32 = 8u;

struct Params {
  h: u32,
  w: u32,
  c4: u32,
  oh: u32,
  ow: u32,
  kh: u32,
  stride_h: u32,
  pad_top: u32,
  pad_left: u32,
  rows: u32, // N * OH
  slab_rows: u32,
}

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [N, H, W, C]
@group(0) @binding(1) var<storage, read> grad_output: array<vec4f>; // [N, OH, OW, C]
@group(0) @binding(2) var<storage, read_write> partials: array<vec4f>; // [slabs, KH, KW, C]
@group(0) @binding(3) var<uniform> params: Params;

fn sample(row: u32, x: i32, c: u32) -> vec4f {
  let inside = x >= 0 && u32(x) < params.w;
  return select(vec4f(), input[(row + select(0u, u32(x), inside)) * params.c4 + c], inside);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = workgroup.x * LANES + lane;
  let c = min(channel, params.c4 - 1u);
  let kh = workgroup.y;
  let slab = workgroup.z;
  var acc: array<vec4f, KW>;
  let end = min((slab + 1u) * params.slab_rows, params.rows);
  for (var row = slab * params.slab_rows; row < end; row++) {
    let n = row / params.oh;
    let iy = row % params.oh * params.stride_h + kh - params.pad_top; // wraps below zero
    if (iy < params.h) {
      let first = (n * params.h + iy) * params.w;
      var x = -i32(params.pad_left);
      var window: array<vec4f, KW>;
      for (var i = 0u; i < KW - SW; i++) {
        window[SW + i] = sample(first, x + i32(i), c);
      }
      for (var ox = 0u; ox < params.ow; ox++) {
        for (var i = 0u; i < KW - SW; i++) {
          window[i] = window[SW + i];
        }
        for (var i = KW - SW; i < KW; i++) {
          window[i] = sample(first, x + i32(i), c);
        }
        let g = grad_output[(row * params.ow + ox) * params.c4 + c];
        for (var i = 0u; i < KW; i++) {
          acc[i] += window[i] * g;
        }
        x += i32(SW);
      }
    }
  }
  if (channel < params.c4) {
    for (var i = 0u; i < KW; i++) {
      partials[((slab * params.kh + kh) * KW + i) * params.c4 + c] = acc[i];
    }
  }
}
