// Depthwise convolution, one output per channel, dilation 1, C a multiple of 4.
//
//   output[n, y, x, c] = epilogue(sum over kh, kw of input[n, y * stride - pad + kh, ..., c] * weight[kh, kw, c])
//
// Each invocation computes TW neighbouring columns of four channels. The samples of one kernel row
// lie in a window of registers that all TW columns share: SPAN + KW loads for 4 * TW * KW products.
// FLIP turns it into the data gradient at stride 1: the kernel reversed, padding K - 1 - pad.

const KW: u32 = 3u;
const SW: u32 = 1u; // horizontal stride
const TW: u32 = 8u;
const LANES: u32 = 8u;
const FLIP: bool = false;
const SPAN: u32 = (TW - 1u) * SW + KW;

struct Params {
  h: u32,
  w: u32,
  c4: u32, // C / 4
  oh: u32,
  ow: u32,
  kh: u32,
  stride_h: u32,
  pad_top: i32,
  pad_left: i32,
  has_bias: u32,
  scale: f32,
  slope: f32,
  gain: f32,
}

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [N, H, W, C]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>; // [KH, KW, 1, C]
@group(0) @binding(2) var<storage, read> bias: array<vec4f>; // [C], or anything without a bias
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>; // [N, OH, OW, C]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let blocks = (params.ow + TW - 1u) / TW;
  let x0 = workgroup.y % blocks * TW;
  let y = workgroup.y / blocks;
  let n = workgroup.z;
  let channel = workgroup.x * LANES + lane;
  let c = min(channel, params.c4 - 1u);

  var acc: array<vec4f, TW>;
  for (var kh = 0u; kh < params.kh; kh++) {
    let iy = i32(y * params.stride_h + kh) - params.pad_top;
    if (iy >= 0 && u32(iy) < params.h) {
      let row = (n * params.h + u32(iy)) * params.w;
      var window: array<vec4f, SPAN>;
      for (var s = 0u; s < SPAN; s++) {
        let ix = i32(x0 * SW + s) - params.pad_left;
        let inside = ix >= 0 && u32(ix) < params.w;
        let at = (row + select(0u, u32(ix), inside)) * params.c4 + c;
        window[s] = select(vec4f(), input[at], inside);
      }
      for (var kw = 0u; kw < KW; kw++) {
        let tap = select(kh * KW + kw, (params.kh - 1u - kh) * KW + KW - 1u - kw, FLIP);
        let w = weight[tap * params.c4 + c];
        for (var t = 0u; t < TW; t++) {
          acc[t] += window[t * SW + kw] * w;
        }
      }
    }
  }

  var b = vec4f();
  if (params.has_bias != 0u) {
    b = bias[c];
  }
  for (var t = 0u; t < TW; t++) {
    if (x0 + t < params.ow && channel < params.c4) {
      let v = acc[t] * params.scale + b;
      let negative = select(v * params.slope, vec4f(), params.slope == 0.0);
      output[((n * params.oh + y) * params.ow + x0 + t) * params.c4 + c] =
        params.gain * select(v, negative, v <= vec4f());
    }
  }
}
