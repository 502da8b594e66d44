// What the weight gradient's kernels share.
//
//   grad_weight[kh, kw, i, o] =
//     sum over n, y, x of input[n, y * stride + kh * dilation - pad, ..., i] * grad_output[n, y, x, o]
//
// The rows (n, y) are cut into slabs; each slab writes a partial gradient of its own, and
// sum-slabs.wgsl adds them in a fixed order: deterministic, no atomics. Each kernel declares `input`
// as it reads it: by numbers or by vec4s.

struct Params {
  h: u32,
  w: u32,
  c: u32,
  group_inputs: u32, // C / groups
  oh: u32,
  ow: u32,
  o: u32, // a multiple of 4: grad_output is padded
  group_outputs: u32,
  kernel_w: u32,
  taps: u32, // KH * KW
  stride_h: u32,
  stride_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  pad_top: u32,
  pad_left: u32,
  rows: u32, // N * OH
  slab_rows: u32,
}

@group(0) @binding(1) var<storage, read> grad_output: array<vec4f>; // [N, OH, OW, O]
@group(0) @binding(2) var<storage, read_write> partials: array<vec4f>; // [slabs, taps, C / groups, O]
@group(0) @binding(3) var<uniform> params: Params;

// The output columns x in [first, end) whose sample under horizontal tap kw lies inside the input.
fn column_range(kw: u32) -> vec2u {
  let shift = i32(kw * params.dilation_w) - i32(params.pad_left);
  let stride = i32(params.stride_w);
  let first = select(0, (-shift + stride - 1) / stride, shift < 0);
  let last = (i32(params.w) - 1 - shift) / stride; // of a possibly negative number: see end
  let end = select(0, last + 1, i32(params.w) - 1 - shift >= 0);
  return vec2u(u32(first), u32(max(first, min(end, i32(params.ow)))));
}

// Input element of output row (n, y) under vertical tap kh, at column 0 and channel 0, or -1.
fn row_first(row: u32, kh: u32) -> i32 {
  let n = row / params.oh;
  let y = i32(row % params.oh * params.stride_h + kh * params.dilation_h) - i32(params.pad_top);
  let first = (i32(n * params.h) + y) * i32(params.w * params.c);
  return select(-1, first, y >= 0 && y < i32(params.h));
}
