// Depthwise convolution, one output per channel, dilation 1, C a multiple of 4.
//
//   output[n, y, x, c] = epilogue(sum over kh, kw of source[n, y * SH - pad + kh, ..., c] * weight[kh, kw, c])
//
// Each invocation computes four channels of a strip, TW columns wide and params.strip rows high,
// and walks down the input once. A row of input is loaded once and added to every row of output it
// belongs to; their sums slide through registers. A strip of 16 rows under a 3 x 3 kernel takes 1.7
// loads for an output instead of 18. FLIP turns it into the data gradient at stride 1: the kernel
// reversed, padding K - 1 - pad.

const WORKGROUP: u32 = 64u;
const KH: u32 = 3u;
const KW: u32 = 3u;
const SH: u32 = 1u; // stride
const SW: u32 = 1u;
const TW: u32 = 4u; // columns of output of one invocation
const FLIP: bool = false;
const SPAN: u32 = (TW - 1u) * SW + KW;
const LIVE: u32 = (KH - 1u) / SH + 1u; // rows of output that one row of input belongs to

struct Params {
  total: u32, // N * strips * ceil(OW / TW) * C / 4
  strip: u32, // rows of output of one invocation
  strips: u32, // ceil(OH / strip)
  h: u32,
  w: u32,
  c4: u32, // C / 4
  oh: u32,
  ow: u32,
  pad_top: i32,
  pad_left: i32,
  has_bias: u32,
  scale: f32,
  slope: f32,
  gain: f32,
}

// source [N, H, W, C] is source-vec4.wgsl's, weight [KH, KW, 1, C] weight-f32.wgsl's, residual and
// output [N, OH, OW, C] store-vec4.wgsl's, or theirs in f16.
@group(0) @binding(2) var<storage, read> bias: array<vec4f>; // [C], or anything without a bias
@group(0) @binding(5) var<uniform> params: Params;

fn epilogue(sum: vec4f, b: vec4f, at: u32) -> vec4f {
  var v = sum * params.scale + b;
  if (RESIDUAL) {
    v += residual4(at);
  }
  return activate(v);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * WORKGROUP + lane;
  if (index >= params.total) {
    return;
  }
  let c = index % params.c4;
  let blocks = (params.ow + TW - 1u) / TW;
  let x0 = index / params.c4 % blocks * TW;
  let y0 = index / params.c4 / blocks % params.strips * params.strip;
  let n = index / params.c4 / blocks / params.strips;
  let left = i32(x0 * SW) - params.pad_left;

  var taps: array<vec4f, KH * KW>;
  for (var k = 0u; k < KH * KW; k++) {
    taps[k] = weight4(select(k, KH * KW - 1u - k, FLIP) * params.c4 + c);
  }
  var b = vec4f();
  if (params.has_bias != 0u) {
    b = bias[c];
  }
  // acc[q * TW + t] belongs to row y0 + m + q - (LIVE - 1); the first is complete after step m.
  var acc: array<vec4f, LIVE * TW>;
  let rows = min(params.strip, params.oh - y0);
  for (var m = 0u; m < rows + LIVE - 1u; m++) {
    for (var i = 0u; i < SH; i++) {
      let y = i32((y0 + m) * SH + i) - params.pad_top;
      if (y >= 0 && y < i32(params.h)) {
        let line = (n * params.h + u32(y)) * params.w;
        var window: array<vec4f, SPAN>;
        for (var j = 0u; j < SPAN; j++) {
          let x = left + i32(j);
          let inside = x >= 0 && x < i32(params.w);
          let at = (line + u32(clamp(x, 0, i32(params.w) - 1))) * params.c4 + c;
          window[j] = select(vec4f(), source4(at), inside);
        }
        for (var q = 0u; q < LIVE; q++) {
          let kh = (LIVE - 1u - q) * SH + i;
          if (kh < KH) {
            for (var t = 0u; t < TW; t++) {
              for (var kw = 0u; kw < KW; kw++) {
                acc[q * TW + t] += window[t * SW + kw] * taps[kh * KW + kw];
              }
            }
          }
        }
      }
    }
    if (m + 1u >= LIVE) {
      let first = ((n * params.oh + y0 + m + 1u - LIVE) * params.ow + x0) * params.c4 + c;
      for (var t = 0u; t < TW; t++) {
        if (x0 + t < params.ow) {
          let at = first + t * params.c4;
          store4(at, epilogue(acc[t], b, at));
        }
      }
    }
    for (var k = 0u; k < (LIVE - 1u) * TW; k++) {
      acc[k] = acc[k + TW];
    }
    for (var t = 0u; t < TW; t++) {
      acc[(LIVE - 1u) * TW + t] = vec4f();
    }
  }
}
