// output[i, r, c] = scale * sum_k a[i, r, k] b[i, k, c], for software adapters
//
// The shape of the convolution's registers.wgsl: no workgroup memory, no barriers. A workgroup is
// one subgroup of 8 whose lanes lie along columns; each invocation owns TM rows x TN vec4 columns.
// The loads of `a` are the same for all lanes, so its strides are free to be those of a transpose;
// `b` is read as vec4s along columns and must lie that way (pack-columns.wgsl).

const LANES: u32 = 8u;
const TM: u32 = 8u; // rows per invocation
const TN: u32 = 2u; // vec4 columns per invocation

struct Params {
  batch: u32,
  m: u32,
  n: u32,
  k: u32,
  a_batch: u32, // strides of a, in elements
  a_row: u32,
  a_step: u32,
  pitch: u32, // vec4s of one k of b
  scale: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>; // [batch, m, k], or [batch, k, m]
@group(0) @binding(1) var<storage, read> b: array<vec4f>; // [batch, k, pitch]
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [batch, m, n]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let across = (params.pitch + LANES * TN - 1u) / (LANES * TN);
  let down = (params.m + TM - 1u) / TM;
  let index = workgroup.y * grid.x + workgroup.x;
  let item = index / (across * down);
  if (item >= params.batch) {
    return;
  }
  let first_row = index / across % down * TM;
  let first_column = index % across * LANES * TN + lane;

  // Rows and columns beyond the end repeat the last one and are not stored.
  var a_at: array<u32, TM>;
  for (var t = 0u; t < TM; t++) {
    a_at[t] = item * params.a_batch + min(first_row + t, params.m - 1u) * params.a_row;
  }
  var b_at: array<u32, TN>;
  for (var j = 0u; j < TN; j++) {
    b_at[j] = item * params.k * params.pitch + min(first_column + j * LANES, params.pitch - 1u);
  }

  var acc: array<array<vec4f, TN>, TM>;
  for (var k = 0u; k < params.k; k++) {
    var row: array<vec4f, TN>;
    for (var j = 0u; j < TN; j++) {
      row[j] = b[b_at[j] + k * params.pitch];
    }
    for (var t = 0u; t < TM; t++) {
      let factor = a[a_at[t] + k * params.a_step];
      for (var j = 0u; j < TN; j++) {
        acc[t][j] += factor * row[j];
      }
    }
  }

  for (var t = 0u; t < TM; t++) {
    let r = first_row + t;
    for (var j = 0u; j < TN; j++) {
      for (var i = 0u; i < 4u; i++) {
        let c = 4u * (first_column + j * LANES) + i;
        if (r < params.m && c < params.n) {
          output[(item * params.m + r) * params.n + c] = params.scale * acc[t][j][i];
        }
      }
    }
  }
}
