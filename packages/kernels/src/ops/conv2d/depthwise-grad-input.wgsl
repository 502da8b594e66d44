// Data gradient of the depthwise convolution at any stride: each input pixel gathers from the
// output pixels whose window holds it, four channels an invocation.
//
//   grad_input[n, y, x, c] = scale * sum over kh, kw with stride | y + pad - kh of
//     grad_output[n, (y + pad - kh) / stride, ..., c] * weight[kh, kw, c]

const LANES: u32 = 8u;

struct Params {
  h: u32,
  w: u32,
  c4: u32,
  oh: u32,
  ow: u32,
  kh: u32,
  kw: u32,
  stride_h: u32,
  stride_w: u32,
  pad_top: u32,
  pad_left: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> grad_output: array<vec4f>; // [N, OH, OW, C]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>; // [KH, KW, 1, C]
@group(0) @binding(2) var<storage, read_write> grad_input: array<vec4f>; // [N, H, W, C]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = workgroup.x * LANES + lane;
  let c = min(channel, params.c4 - 1u);
  let y = workgroup.y / params.w;
  let x = workgroup.y % params.w;
  let n = workgroup.z;
  var acc = vec4f();
  for (var kh = 0u; kh < params.kh; kh++) {
    let ty = y + params.pad_top - kh; // wraps below zero: far above any row
    if (ty % params.stride_h == 0u && ty / params.stride_h < params.oh) {
      for (var kw = 0u; kw < params.kw; kw++) {
        let tx = x + params.pad_left - kw;
        if (tx % params.stride_w == 0u && tx / params.stride_w < params.ow) {
          let row = (n * params.oh + ty / params.stride_h) * params.ow;
          acc += grad_output[(row + tx / params.stride_w) * params.c4 + c]
            * weight[(kh * params.kw + kw) * params.c4 + c];
        }
      }
    }
  }
  if (channel < params.c4) {
    grad_input[((n * params.h + y) * params.w + x) * params.c4 + c] = params.scale * acc;
  }
}
