// Data gradient of the depthwise convolution at a stride, four channels an invocation.
//
// Count the padded input's rows in cells of SH, i = y + pad_top = SH * p + rh. Row i receives from
// row o of the output under tap kh iff i = SH * o + kh: its taps are kh = rh + SH * j, and then
// o = p - j. So a row of cells takes LIVE_H rows of the output's gradient, whatever rh is, and no tap
// is tried in vain; columns alike.
//
//   grad_input[n, y, x, c] = scale * sum over jh, jw of
//     grad_output[n, p - jh, q - jw, c] * weight[rh + SH * jh, rw + SW * jw, c]
//
// An invocation owns TQ columns of cells, params.strip rows high, and walks down grad_output once. A
// row of it is loaded once and added to every row of cells it belongs to; their sums slide through
// registers, as in depthwise.wgsl.

const WORKGROUP: u32 = 64u;
const KH: u32 = 3u;
const KW: u32 = 3u;
const SH: u32 = 2u; // stride
const SW: u32 = 2u;
const TQ: u32 = 4u; // columns of cells of one invocation
const LIVE_H: u32 = (KH - 1u) / SH + 1u; // rows of cells that a row of grad_output belongs to
const LIVE_W: u32 = (KW - 1u) / SW + 1u;
const SPAN: u32 = TQ + LIVE_W - 1u;
const TW: u32 = TQ * SW; // pixels of a row
const CELLS: u32 = SH * TW; // pixels of a row of cells

struct Params {
  total: u32, // N * strips * blocks * C / 4
  strip: u32, // rows of cells of one invocation
  strips: u32,
  blocks: u32, // invocations along a row of cells
  cells_h: u32, // rows of cells that reach into the input
  first_p: u32, // of these, the first: floor(pad_top / SH)
  first_q: u32,
  h: u32,
  w: u32,
  c4: u32, // C / 4
  oh: u32,
  ow: u32,
  pad_top: i32,
  pad_left: i32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> grad_output: array<vec4f>; // [N, OH, OW, C]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>; // [KH, KW, 1, C]
@group(0) @binding(2) var<storage, read_write> grad_input: array<vec4f>; // [N, H, W, C]
@group(0) @binding(3) var<uniform> params: Params;

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
  let block = index / params.c4;
  let q0 = i32(params.first_q + block % params.blocks * TQ);
  let strip = block / params.blocks % params.strips * params.strip;
  let p0 = i32(params.first_p + strip);
  let n = block / params.blocks / params.strips;
  let left = q0 - i32(LIVE_W - 1u); // column of grad_output of window[0]
  let x0 = q0 * i32(SW) - params.pad_left;

  var taps: array<vec4f, KH * KW>;
  for (var k = 0u; k < KH * KW; k++) {
    taps[k] = params.scale * weight[k * params.c4 + c];
  }
  // acc[(j * SH + rh) * TW + t] belongs to the row of cells j below the row of grad_output.
  var acc: array<vec4f, LIVE_H * CELLS>;
  let rows = min(params.strip, params.cells_h - strip);
  for (var m = 0u; m < rows + LIVE_H - 1u; m++) {
    let o = p0 + i32(m) - i32(LIVE_H - 1u);
    if (o >= 0 && o < i32(params.oh)) {
      let line = (n * params.oh + u32(o)) * params.ow;
      var window: array<vec4f, SPAN>;
      for (var i = 0u; i < SPAN; i++) {
        let x = left + i32(i);
        let inside = x >= 0 && x < i32(params.ow);
        let at = (line + u32(clamp(x, 0, i32(params.ow) - 1))) * params.c4 + c;
        window[i] = select(vec4f(), grad_output[at], inside);
      }
      for (var kh = 0u; kh < KH; kh++) {
        for (var t = 0u; t < TQ; t++) {
          for (var kw = 0u; kw < KW; kw++) {
            // Row rh = kh % SH of the cells j = kh / SH below: kh = SH * j + rh is its place too.
            acc[kh * TW + t * SW + kw % SW] +=
              window[t + LIVE_W - 1u - kw / SW] * taps[kh * KW + kw];
          }
        }
      }
    }
    if (m + 1u >= LIVE_H) {
      for (var rh = 0u; rh < SH; rh++) {
        let y = o * i32(SH) + i32(rh) - params.pad_top;
        if (y >= 0 && y < i32(params.h)) {
          let line = (n * params.h + u32(y)) * params.w;
          for (var t = 0u; t < TW; t++) {
            let x = x0 + i32(t);
            if (x >= 0 && x < i32(params.w)) {
              grad_input[(line + u32(x)) * params.c4 + c] = acc[rh * TW + t];
            }
          }
        }
      }
    }
    for (var k = 0u; k < (LIVE_H - 1u) * CELLS; k++) {
      acc[k] = acc[k + CELLS];
    }
    for (var k = (LIVE_H - 1u) * CELLS; k < LIVE_H * CELLS; k++) {
      acc[k] = vec4f();
    }
  }
}
