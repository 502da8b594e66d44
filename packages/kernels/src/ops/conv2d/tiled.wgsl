// The correlation as an implicit GEMM for real GPUs: rows are pixels, columns output channels, and
// the depth runs over taps and channels. No im2col buffer: the rows are gathered while loading.
//
// One workgroup computes BM x BN outputs, each invocation 8 x 8 of them in registers, as 2 x 2
// blocks of 4 x 4, so that neighbouring invocations read neighbouring words. BK channels pass
// through workgroup memory at a time: (BM + BN) * BK * 4 bytes. The next slice is fetched into
// registers while the present one is multiplied.

const BM: u32 = 64u; // rows per workgroup
const BN: u32 = 64u; // output channels per workgroup
const BK: u32 = 16u; // channels per slice

const THREADS: u32 = BM * BN / 64u;
const ACROSS: u32 = BN / 8u; // invocations along the columns
const A_LOADS: u32 = BM * BK / THREADS / 4u; // vec4 per invocation and slice
const B_LOADS: u32 = BN * BK / THREADS / 4u;
const B_WIDTH: u32 = BN / 4u; // vec4 per k

var<workgroup> tile_a: array<f32, BK * BM>; // [k, row]
var<workgroup> tile_b: array<vec4f, BK * B_WIDTH>; // [k, column / 4]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let columns = (params.group_outputs + 3u) / 4u;
  let blocks = (columns + B_WIDTH - 1u) / B_WIDTH;
  let group = workgroup.x / blocks;
  let first_column = (workgroup.x % blocks) * B_WIDTH;
  let group_column = group * params.group_outputs / 4u;
  let first_row = (workgroup.z * grid.y + workgroup.y) * BM;

  // Each invocation gathers one row of A, a run of 4 * A_LOADS channels of each slice.
  let a_row = thread % BM;
  let a_k = thread / BM * 4u * A_LOADS;
  let row = row_at(min(first_row + a_row, params.rows - 1u));

  let slices = (params.depth + BK - 1u) / BK;
  let steps = params.taps_h * params.taps_w * slices;
  let tx = thread % ACROSS;
  let ty = thread / ACROSS;

  var acc: array<array<vec4f, 2>, 8>;
  var next_a: array<vec4f, A_LOADS>;
  var next_b: array<vec4f, B_LOADS>;
  // One step more than there are slices: step s fetches slice s and multiplies slice s - 1.
  for (var s = 0u; s <= steps; s++) {
    if (s < steps) {
      let tap = s / slices;
      let k0 = s % slices * BK;
      let th = tap / params.taps_w;
      let tw = tap % params.taps_w;
      let sample = sample_at(row, th, tw);
      for (var i = 0u; i < A_LOADS; i++) {
        let k = k0 + a_k + 4u * i;
        next_a[i] = vec4f();
        if (sample != outside && k < params.depth) {
          next_a[i] = load4(sample + group * params.depth, k);
        }
      }
      let weight_first = weight_row(th, tw);
      for (var i = 0u; i < B_LOADS; i++) {
        let at = i * THREADS + thread;
        let k = k0 + at / B_WIDTH;
        let c = first_column + at % B_WIDTH;
        next_b[i] = vec4f();
        if (k < params.depth && c < columns) {
          next_b[i] = weight4((weight_first + k) * params.weight_pitch + group_column + c);
        }
      }
    }
    if (s > 0u) {
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
    }
    workgroupBarrier(); // the slice was read by all
    for (var i = 0u; i < A_LOADS; i++) {
      for (var j = 0u; j < 4u; j++) {
        tile_a[(a_k + 4u * i + j) * BM + a_row] = next_a[i][j];
      }
    }
    for (var i = 0u; i < B_LOADS; i++) {
      tile_b[i * THREADS + thread] = next_b[i];
    }
    workgroupBarrier(); // the next one is complete
  }

  for (var i = 0u; i < 8u; i++) {
    let r = first_row + i / 4u * (BM / 2u) + 4u * ty + i % 4u;
    if (r < params.rows) {
      let out = row_at(r).out;
      for (var j = 0u; j < 2u; j++) {
        let c = first_column + j * ACROSS + tx;
        if (c < columns) {
          let channel = group * params.group_outputs + 4u * c;
          store(out, channel, epilogue(acc[i][j], out, channel));
        }
      }
    }
  }
}
