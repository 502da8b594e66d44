// The weight gradient as a GEMM for real GPUs: input channels x outputs of one tap, pixels as the
// depth (see tiled.wgsl). Slabs give the machine enough workgroups: a deep layer has few weights
// and a shallow one many pixels.

const BM: u32 = 64u; // input channels per workgroup
const BN: u32 = 64u; // outputs per workgroup
const BK: u32 = 16u; // pixels per slice

const THREADS: u32 = BM * BN / 64u;
const ACROSS: u32 = BN / 8u;
const A_LOADS: u32 = BM * BK / THREADS;
const B_LOADS: u32 = BN * BK / THREADS / 4u;
const B_WIDTH: u32 = BN / 4u;

@group(0) @binding(0) var<storage, read> input: array<f32>; // [N, H, W, C]

var<workgroup> tile_a: array<f32, BK * BM>; // [pixel, channel]
var<workgroup> tile_b: array<vec4f, BK * B_WIDTH>; // [pixel, output / 4]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let columns = params.group_outputs / 4u;
  let blocks = (columns + B_WIDTH - 1u) / B_WIDTH;
  let group = workgroup.x / blocks;
  let first_column = (workgroup.x % blocks) * B_WIDTH;
  let first_channel = workgroup.y * BM;
  let tap = workgroup.z % params.taps;
  let slab = workgroup.z / params.taps;
  let kh = tap / params.kernel_w;
  let kw = tap % params.kernel_w;
  let tx = thread % ACROSS;
  let ty = thread / ACROSS;

  let first_pixel = slab * params.slab_rows * params.ow;
  let end_pixel = min((slab + 1u) * params.slab_rows, params.rows) * params.ow;
  let range = column_range(kw);
  let shift = i32(kw * params.dilation_w) - i32(params.pad_left);
  let pitch = params.o / 4u;

  var acc: array<array<vec4f, 2>, 8>;
  for (var pixel0 = first_pixel; pixel0 < end_pixel; pixel0 += BK) {
    for (var i = 0u; i < A_LOADS; i++) {
      let at = i * THREADS + thread;
      let pixel = pixel0 + at / BM;
      let channel = first_channel + at % BM;
      let x = pixel % params.ow;
      let first = row_first(pixel / params.ow, kh);
      var value = 0.0;
      if (pixel < end_pixel && channel < params.group_inputs
        && first >= 0 && x >= range.x && x < range.y) {
        let column = u32(i32(x * params.stride_w) + shift);
        value = input[u32(first) + column * params.c + group * params.group_inputs + channel];
      }
      tile_a[at] = value;
    }
    for (var i = 0u; i < B_LOADS; i++) {
      let at = i * THREADS + thread;
      let pixel = pixel0 + at / B_WIDTH;
      let c = first_column + at % B_WIDTH;
      var value = vec4f();
      if (pixel < end_pixel && c < columns) {
        value = grad_output[pixel * pitch + group * columns + c];
      }
      tile_b[at] = value;
    }
    workgroupBarrier(); // the slice is complete
    for (var k = 0u; k < BK; k++) {
      let b0 = tile_b[k * B_WIDTH + tx];
      let b1 = tile_b[k * B_WIDTH + ACROSS + tx];
      for (var i = 0u; i < 4u; i++) {
        let a0 = tile_a[k * BM + 4u * ty + i];
        let a1 = tile_a[k * BM + BM / 2u + 4u * ty + i];
        acc[i][0] += a0 * b0;
        acc[i][1] += a0 * b1;
        acc[i + 4u][0] += a1 * b0;
        acc[i + 4u][1] += a1 * b1;
      }
    }
    workgroupBarrier(); // the slice was read by all
  }

  for (var i = 0u; i < 8u; i++) {
    let channel = first_channel + i / 4u * (BM / 2u) + 4u * ty + i % 4u;
    for (var j = 0u; j < 2u; j++) {
      let c = first_column + j * ACROSS + tx;
      if (channel < params.group_inputs && c < columns) {
        let at = (slab * params.taps + tap) * params.group_inputs + channel;
        partials[at * pitch + group * columns + c] = acc[i][j];
      }
    }
  }
}
