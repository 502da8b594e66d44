// output[i, r, c] = scale * sum_k a[i, r, k] b[i, k, c], for real GPUs
//
// One workgroup computes 64 x 64 outputs of one item, each of its 256 invocations 4 x 4 of them in
// registers: rows ty, ty + 16, … and columns tx, tx + 16, …, so that neighbours read and write
// neighbouring words. BK of the depth pass through workgroup memory at a time: 2 * 64 * BK * 4
// bytes. Either operand may be the transpose of what lies in memory; loads run along its rows.

const SIDE: u32 = 64u; // rows and columns of a workgroup
const ACROSS: u32 = 16u; // invocations a side
const BK: u32 = 16u;
const THREADS: u32 = ACROSS * ACROSS;
const LOADS: u32 = SIDE * BK / THREADS; // per invocation, operand and slice
const PITCH: u32 = SIDE + 1u; // odd, so that a walk along k does not stay in one bank

struct Params {
  batch: u32,
  m: u32,
  n: u32,
  k: u32,
  a_batch: u32, // strides, in elements
  a_row: u32,
  a_step: u32,
  b_batch: u32,
  b_step: u32,
  b_column: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>; // [batch, m, k], or [batch, k, m]
@group(0) @binding(1) var<storage, read> b: array<f32>; // [batch, k, n], or [batch, n, k]
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [batch, m, n]
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> tile_a: array<f32, BK * PITCH>; // [k, row]
var<workgroup> tile_b: array<f32, BK * PITCH>; // [k, column]

/// The place in a slice that an invocation's i-th load goes to: along k or across.
fn place(load: u32, along_k: bool) -> vec2u {
  if (along_k) { return vec2u(load % BK, load / BK); }
  return vec2u(load / SIDE, load % SIDE);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let across = (params.n + SIDE - 1u) / SIDE;
  let down = (params.m + SIDE - 1u) / SIDE;
  let index = workgroup.y * grid.x + workgroup.x;
  // Workgroups beyond the last item compute it again and do not store.
  let item = min(index / (across * down), params.batch - 1u);
  let first_row = index / across % down * SIDE;
  let first_column = index % across * SIDE;
  let tx = thread % ACROSS;
  let ty = thread / ACROSS;

  var acc: array<vec4f, 4>;
  for (var k0 = 0u; k0 < params.k; k0 += BK) {
    for (var i = 0u; i < LOADS; i++) {
      let at = place(i * THREADS + thread, params.a_step == 1u);
      let k = k0 + at.x;
      let r = first_row + at.y;
      var value = 0.0;
      if (k < params.k && r < params.m) {
        value = a[item * params.a_batch + r * params.a_row + k * params.a_step];
      }
      tile_a[at.x * PITCH + at.y] = value;
    }
    for (var i = 0u; i < LOADS; i++) {
      let at = place(i * THREADS + thread, params.b_step == 1u);
      let k = k0 + at.x;
      let c = first_column + at.y;
      var value = 0.0;
      if (k < params.k && c < params.n) {
        value = b[item * params.b_batch + k * params.b_step + c * params.b_column];
      }
      tile_b[at.x * PITCH + at.y] = value;
    }
    workgroupBarrier(); // the slice is complete
    for (var k = 0u; k < BK; k++) {
      let base = k * PITCH + tx;
      let columns = vec4f(
        tile_b[base],
        tile_b[base + ACROSS],
        tile_b[base + 2u * ACROSS],
        tile_b[base + 3u * ACROSS],
      );
      for (var i = 0u; i < 4u; i++) {
        acc[i] += tile_a[k * PITCH + ty + i * ACROSS] * columns;
      }
    }
    workgroupBarrier(); // it was read by all
  }

  let stored = index / (across * down) < params.batch;
  for (var i = 0u; i < 4u; i++) {
    let r = first_row + ty + i * ACROSS;
    for (var j = 0u; j < 4u; j++) {
      let c = first_column + tx + j * ACROSS;
      if (stored && r < params.m && c < params.n) {
        output[(item * params.m + r) * params.n + c] = params.scale * acc[i][j];
      }
    }
  }
}
