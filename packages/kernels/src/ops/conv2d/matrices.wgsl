// The correlation as an implicit GEMM on subgroup matrices: operands in f16, sums in f32.
//
// Like tiled.wgsl, whose loads these are: BK channels of BM rows and BN output channels pass through
// workgroup memory at a time, and the next slice is fetched into registers meanwhile. DOWN x ACROSS
// subgroups share a tile; each sums SM x SN matrices of MM x MN. Rows of both tiles are 16 bytes
// longer than they need be, so that neighbouring rows begin in other banks.
//
// A matrix's elements lie with the lanes as the device likes: they come out through workgroup
// memory, one matrix of each subgroup at a time. In all
// ((BK + 8) * BM + (BN + 8) * BK) * 2 + DOWN * ACROSS * MM * MN * 4 bytes.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;

const LANES: u32 = 32u; // invocations of a subgroup
const MM: u32 = 16u; // rows of a matrix of sums
const MN: u32 = 16u; // its columns
const MK: u32 = 16u; // depth of a product
const SM: u32 = 2u; // matrices of a subgroup, one below the other
const SN: u32 = 4u; // and side by side

const DOWN: u32 = 4u; // subgroups, one below the other
const ACROSS: u32 = 2u; // and side by side
const BM: u32 = DOWN * SM * MM; // rows per workgroup
const BN: u32 = ACROSS * SN * MN; // output channels per workgroup
const BK: u32 = 32u; // channels per slice

const THREADS: u32 = DOWN * ACROSS * LANES;
const A_LOADS: u32 = BM * BK / THREADS / 4u; // vec4 per invocation and slice
const B_LOADS: u32 = BN * BK / THREADS / 4u;
const B_WIDTH: u32 = BN / 4u; // vec4 per k
const A_PITCH: u32 = BK + 8u;
const B_PITCH: u32 = BN + 8u;
const M_WIDTH: u32 = MN / 4u; // vec4 per row of a matrix

@group(0) @binding(0) var<storage, read> source: array<vec2u>; // [N, H, W, C], four elements each
@group(0) @binding(1) var<storage, read> weight: array<vec2u>; // [KH, KW, depth, weight_pitch]

var<workgroup> tile_a: array<f16, BM * A_PITCH>; // [row, k]
var<workgroup> tile_b: array<f16, BK * B_PITCH>; // [k, column]
var<workgroup> tile_c: array<f32, DOWN * ACROSS * MM * MN>; // [subgroup, row, column]

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let columns = params.group_outputs / 4u;
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
  let sub_row = subgroup / ACROSS * SM * MM;
  let sub_column = subgroup % ACROSS * SN * MN;

  var acc: array<array<subgroup_matrix_result<f32, MN, MM>, SN>, SM>;
  var next_a: array<vec2u, A_LOADS>;
  var next_b: array<vec2u, B_LOADS>;
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
        next_a[i] = vec2u();
        if (sample != outside && k < params.depth) {
          next_a[i] = source[(sample + group * params.depth + k) / 4u];
        }
      }
      let weight_first = weight_row(th, tw);
      for (var i = 0u; i < B_LOADS; i++) {
        let at = i * THREADS + thread;
        let k = k0 + at / B_WIDTH;
        let c = first_column + at % B_WIDTH;
        next_b[i] = vec2u();
        if (k < params.depth && c < columns) {
          next_b[i] = weight[(weight_first + k) * params.weight_pitch + group_column + c];
        }
      }
    }
    if (s > 0u) {
      for (var k = 0u; k < BK; k += MK) {
        var left: array<subgroup_matrix_left<f16, MK, MM>, SM>;
        for (var i = 0u; i < SM; i++) {
          left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, MK, MM>, row_major>(
            &tile_a, (sub_row + i * MM) * A_PITCH + k, A_PITCH);
        }
        for (var j = 0u; j < SN; j++) {
          let right = subgroupMatrixLoad<subgroup_matrix_right<f16, MN, MK>, row_major>(
            &tile_b, k * B_PITCH + sub_column + j * MN, B_PITCH);
          for (var i = 0u; i < SM; i++) {
            acc[i][j] = subgroupMatrixMultiplyAccumulate(left[i], right, acc[i][j]);
          }
        }
      }
    }
    workgroupBarrier(); // the slice was read by all
    for (var i = 0u; i < A_LOADS; i++) {
      let four = bitcast<vec4<f16>>(next_a[i]);
      for (var j = 0u; j < 4u; j++) {
        tile_a[a_row * A_PITCH + a_k + 4u * i + j] = four[j];
      }
    }
    for (var i = 0u; i < B_LOADS; i++) {
      let at = i * THREADS + thread;
      let four = bitcast<vec4<f16>>(next_b[i]);
      for (var j = 0u; j < 4u; j++) {
        tile_b[at / B_WIDTH * B_PITCH + at % B_WIDTH * 4u + j] = four[j];
      }
    }
    workgroupBarrier(); // the next one is complete
  }

  let mine = subgroup * MM * MN;
  for (var i = 0u; i < SM; i++) {
    for (var j = 0u; j < SN; j++) {
      subgroupMatrixStore<row_major>(&tile_c, mine, acc[i][j], MN);
      workgroupBarrier(); // all lanes have stored
      for (var v = lane; v < MM * M_WIDTH; v += LANES) {
        let r = first_row + sub_row + i * MM + v / M_WIDTH;
        let c = first_column + (sub_column + j * MN) / 4u + v % M_WIDTH;
        if (r < params.rows && c < columns) {
          let at = mine + 4u * v;
          let sum = vec4f(tile_c[at], tile_c[at + 1u], tile_c[at + 2u], tile_c[at + 3u]);
          let out = row_at(r).out;
          let channel = group * params.group_outputs + 4u * c;
          store(out, channel, epilogue(sum, out, channel));
        }
      }
      workgroupBarrier(); // and read
    }
  }
}
