// The one sum that a convolution's forward pass and its data gradient share.
//
//   output[n, q * out_step + out_first, o] =
//     epilogue(sum over taps t, channels k of source[n, q * stride + first + t * step, k] * weight[t, k, o])
//
// q runs over a grid [QH, QW]; samples outside the source count as zero. Forward: the grid is the
// output. Data gradient: one such sum per class of input pixels modulo the stride (correlation.ts).
//
// Shared by registers.wgsl, tiled.wgsl, narrow.wgsl, grouped.wgsl and direct.wgsl; `output`, `store`
// and `residual_at` come from store-*.wgsl, `source` from source-*.wgsl, `weight` from weight-*.wgsl,
// `activate` from epilogue.wgsl.

struct Params {
  rows: u32, // N * QH * QW
  qh: u32,
  qw: u32,
  source_h: u32,
  source_w: u32,
  source_c: u32,
  depth: u32, // source channels per group
  stride_h: u32,
  stride_w: u32,
  first_h: i32,
  first_w: i32,
  step_h: i32,
  step_w: i32,
  taps_h: u32,
  taps_w: u32,
  kernel_w: u32, // KW of the weight
  kernel_first_h: u32, // row of the weight of tap 0, and the rows between taps
  kernel_first_w: u32,
  kernel_step_h: u32,
  kernel_step_w: u32,
  out_h: u32,
  out_w: u32,
  out_c: u32,
  out_first_h: u32,
  out_first_w: u32,
  out_step_h: u32,
  out_step_w: u32,
  group_outputs: u32, // O / groups
  weight_pitch: u32, // vec4s from one k to the next: ceil(O / 4)
  has_bias: u32,
  scale: f32,
  slope: f32,
  gain: f32,
}

@group(0) @binding(2) var<storage, read> bias: array<f32>; // [O], or anything without a bias
@group(0) @binding(5) var<uniform> params: Params;

// A row of the sum: one pixel of the grid.
struct Row {
  image: u32, // source pixels before this sample
  y: i32, // source position of tap 0
  x: i32,
  out: u32, // output element of channel 0
}

fn row_at(row: u32) -> Row {
  let pixels = params.qh * params.qw;
  let n = row / pixels;
  let q = row % pixels;
  let qy = q / params.qw;
  let qx = q % params.qw;
  let oy = qy * params.out_step_h + params.out_first_h;
  let ox = qx * params.out_step_w + params.out_first_w;
  return Row(
    n * params.source_h * params.source_w,
    i32(qy * params.stride_h) + params.first_h,
    i32(qx * params.stride_w) + params.first_w,
    ((n * params.out_h + oy) * params.out_w + ox) * params.out_c,
  );
}

// Source element of a row's sample under tap (th, tw), channel 0; `outside` where there is none.
const outside: u32 = 0xffffffffu;

fn sample_at(row: Row, th: u32, tw: u32) -> u32 {
  let y = row.y + i32(th) * params.step_h;
  let x = row.x + i32(tw) * params.step_w;
  let inside = y >= 0 && x >= 0 && u32(y) < params.source_h && u32(x) < params.source_w;
  let pixel = row.image + u32(y) * params.source_w + u32(x);
  return select(outside, pixel * params.source_c, inside);
}

// First k of a tap in the weight, in units of weight_pitch.
fn weight_row(th: u32, tw: u32) -> u32 {
  let kh = params.kernel_first_h + th * params.kernel_step_h;
  let kw = params.kernel_first_w + tw * params.kernel_step_w;
  return (kh * params.kernel_w + kw) * params.depth;
}

// activate(scale * sum + bias + residual) of four channels; `element` is the row's `out`.
fn epilogue(sum: vec4f, element: u32, channel: u32) -> vec4f {
  var v = sum * params.scale;
  if (params.has_bias != 0u) {
    let last = params.out_c - 1u;
    v += vec4f(
      bias[channel],
      bias[min(channel + 1u, last)],
      bias[min(channel + 2u, last)],
      bias[min(channel + 3u, last)],
    );
  }
  if (RESIDUAL) {
    v += residual_at(element, channel);
  }
  return activate(v);
}
