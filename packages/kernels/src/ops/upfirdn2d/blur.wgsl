// output[n, y, x, c] = sum_{a, b} f[a, b] * z[n, y + a, x + b, c]
//
// z is the input with zeros around it: the case of upfirdn2d without resampling, a blur.
//
// One invocation computes WIDTH channels of a strip, TW columns wide and params.strip rows high.
// It walks down the input once: each row of TW + KW - 1 elements is loaded once and added to the KH
// rows of output it belongs to, whose sums slide through registers. A strip of 16 rows under a
// 3 x 3 kernel so takes 1.7 loads for an output instead of 9.

const WORKGROUP: u32 = 64u;
const KH: u32 = 3u;
const KW: u32 = 3u;
const TW: u32 = 4u; // columns of output of one invocation
const COLUMNS: u32 = TW + KW - 1u;

struct Params {
  total: u32,  // N * strips * ceil(OW / TW) * C / WIDTH
  c: u32,      // C / WIDTH
  strip: u32,  // rows of output of one invocation
  strips: u32, // ceil(OH / strip)
  h: u32, w: u32, oh: u32, ow: u32,
  pad_top: i32, pad_left: i32,
  flip: u32,   // 1: f is kernel turned by 180 degrees
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [N, H, W, C / WIDTH]
@group(0) @binding(1) var<storage, read> kernel: array<f32>;           // [KH, KW]
@group(0) @binding(2) var<storage, read_write> output: array<Element>; // [N, OH, OW, C / WIDTH]
@group(0) @binding(3) var<uniform> params: Params;

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
  let blocks = (params.ow + TW - 1u) / TW;
  let block = i / params.c % blocks;
  let strip = i / params.c / blocks % params.strips;
  let n = i / params.c / blocks / params.strips;

  var f: array<f32, KH * KW>;
  for (var k = 0u; k < KH * KW; k++) {
    f[k] = kernel[select(k, KH * KW - 1u - k, params.flip == 1u)];
  }
  let x0 = block * TW;
  let y0 = strip * params.strip;
  let y1 = min(y0 + params.strip, params.oh);
  let left = i32(x0) - params.pad_left;
  // acc[k * TW + t] belongs to row y + k of output, where y is the row that the current row of
  // input completes; the first KH - 1 rows complete sums that belong to the strip above.
  var acc: array<Element, KH * TW>;
  for (var step = 0u; step < y1 - y0 + KH - 1u; step++) {
    let row = i32(y0 + step) - params.pad_top;
    if (row >= 0 && row < i32(params.h)) {
      let line = (n * params.h + u32(row)) * params.w;
      var columns: array<Element, COLUMNS>;
      for (var j = 0u; j < COLUMNS; j++) {
        let x = left + i32(j);
        let inside = x >= 0 && x < i32(params.w);
        let at = (line + u32(clamp(x, 0, i32(params.w) - 1))) * params.c + c;
        columns[j] = select(Element(), input[at], inside);
      }
      for (var a = 0u; a < KH; a++) {
        for (var t = 0u; t < TW; t++) {
          for (var b = 0u; b < KW; b++) {
            acc[(KH - 1u - a) * TW + t] += f[a * KW + b] * columns[t + b];
          }
        }
      }
    }
    if (step + 1u >= KH) {
      let first = ((n * params.oh + y0 + step + 1u - KH) * params.ow + x0) * params.c + c;
      for (var t = 0u; t < TW; t++) {
        if (x0 + t < params.ow) {
          output[first + t * params.c] = acc[t];
        }
      }
    }
    for (var k = 0u; k < (KH - 1u) * TW; k++) {
      acc[k] = acc[k + TW];
    }
    for (var t = 0u; t < TW; t++) {
      acc[(KH - 1u) * TW + t] = Element();
    }
  }
}
