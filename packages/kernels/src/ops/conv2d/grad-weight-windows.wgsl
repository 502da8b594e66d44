// The weight gradient of a whole row of taps at once: each invocation owns 4 * TI input channels x
// TN vec4 of outputs of one group, for all KW taps of kernel row kh. The KW input columns that one
// output column meets are a window of registers that slides along the row: a step loads SW * TI
// vec4 samples and TN vec4 gradients for 16 * KW * TI * TN products. One tap at a time, as the other
// kernels go, loads the gradient KW times.
//
// Input channels and outputs of a group are whole vec4s; no horizontal dilation. Where a group has
// fewer outputs than a workgroup covers (SPREAD), lanes lie along all groups' outputs, so that many
// small groups go in one dispatch. Elsewhere a workgroup stays in one group, and all of its lanes
// read the same samples, which is cheap.

const LANES: u32 = 8u;
const KW: u32 = 3u;
const SW: u32 = 1u; // horizontal stride
const TI: u32 = 1u; // vec4 of input channels per invocation
const TN: u32 = 1u; // vec4 of outputs per invocation; 1 where SPREAD
const SPREAD: bool = true;

const KEPT: u32 = max(KW, SW) - SW; // columns of the window that the next step meets again

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [N, H, W, C]

fn sample(at: u32, x: i32) -> vec4f {
  let inside = x >= 0 && u32(x) < params.w;
  return select(vec4f(), input[at + select(0u, u32(x), inside) * (params.c / 4u)], inside);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let inputs4 = (params.group_inputs + 3u) / 4u;
  let columns = params.group_outputs / 4u;
  let pitch = params.o / 4u;
  let taps_h = params.taps / KW;
  let kh = workgroup.z % taps_h;
  let slab = workgroup.z / taps_h;

  var group: u32;
  var column_at: array<u32, TN>;
  var stored: array<bool, TN>;
  if (SPREAD) {
    let column = workgroup.x * LANES + lane;
    column_at[0] = min(column, pitch - 1u);
    stored[0] = column < pitch;
    group = column_at[0] / columns;
  } else {
    let blocks = (columns + LANES * TN - 1u) / (LANES * TN);
    group = workgroup.x / blocks;
    for (var j = 0u; j < TN; j++) {
      let column = (workgroup.x % blocks * TN + j) * LANES + lane;
      column_at[j] = group * columns + min(column, columns - 1u);
      stored[j] = column < columns;
    }
  }
  var channel_at: array<u32, TI>;
  for (var t = 0u; t < TI; t++) {
    channel_at[t] = group * inputs4 + min(workgroup.y * TI + t, inputs4 - 1u);
  }

  var acc: array<array<array<mat4x4f, TN>, KW>, TI>;
  let end = min((slab + 1u) * params.slab_rows, params.rows);
  for (var row = slab * params.slab_rows; row < end; row++) {
    let first = row_first(row, kh);
    if (first >= 0) {
      let input_at = u32(first) / 4u;
      var grad_at = row * params.ow * pitch;
      var x = -i32(params.pad_left);
      var window: array<array<vec4f, KW>, TI>;
      for (var t = 0u; t < TI; t++) {
        for (var i = 0u; i < KEPT; i++) {
          window[t][SW + i] = sample(input_at + channel_at[t], x + i32(i));
        }
      }
      for (var ox = 0u; ox < params.ow; ox++) {
        for (var t = 0u; t < TI; t++) {
          for (var i = 0u; i < KEPT; i++) {
            window[t][i] = window[t][SW + i];
          }
          for (var i = KEPT; i < KW; i++) {
            window[t][i] = sample(input_at + channel_at[t], x + i32(i));
          }
        }
        for (var j = 0u; j < TN; j++) {
          let g = grad_output[grad_at + column_at[j]];
          for (var t = 0u; t < TI; t++) {
            for (var i = 0u; i < KW; i++) {
              let a = window[t][i];
              acc[t][i][j] += mat4x4f(a.x * g, a.y * g, a.z * g, a.w * g);
            }
          }
        }
        grad_at += pitch;
        x += i32(SW);
      }
    }
  }

  for (var t = 0u; t < TI; t++) {
    let channel4 = workgroup.y * TI + t;
    for (var i = 0u; i < KW; i++) {
      let tap = slab * params.taps + kh * KW + i;
      for (var j = 0u; j < TN; j++) {
        for (var e = 0u; e < 4u; e++) {
          let channel = 4u * channel4 + e;
          if (stored[j] && channel < params.group_inputs) {
            partials[(tap * params.group_inputs + channel) * pitch + column_at[j]] = acc[t][i][j][e];
          }
        }
      }
    }
  }
}
