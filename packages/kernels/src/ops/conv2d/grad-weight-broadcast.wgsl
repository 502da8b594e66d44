// The weight gradient where lanes hand each other what they loaded (see broadcast.wgsl): pixels are
// the depth, and each lane loads the samples of an input channel of its own.
//
// Each invocation owns KW taps of kernel row kh x 8 * TR input channels x TN vec4 of outputs. A turn
// takes U columns of output: U * SW * TR samples, of which a window of columns slides through
// registers, and U * TN vec4s of gradients feed 32 * KW * U * TR * TN products.

const LANES: u32 = 8u;
const KW: u32 = 3u; // a row of the kernel, undilated
const SW: u32 = 1u; // horizontal stride
const TR: u32 = 1u; // eights of input channels per workgroup
const TN: u32 = 2u; // vec4 of outputs per invocation
const U: u32 = 2u; // columns of output per turn

const SPAN: u32 = KW + (U - 1u) * SW; // columns of input that a turn meets
const KEPT: u32 = max(SPAN, U * SW) - U * SW; // of them, those that the next turn meets again

@group(0) @binding(0) var<storage, read> input: array<f32>; // [N, H, W, C]

fn sample(at: u32, x: i32) -> f32 {
  let inside = x >= 0 && u32(x) < params.w;
  return select(0.0, input[at + select(0u, u32(x), inside) * params.c], inside);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let columns = params.group_outputs / 4u;
  let pitch = params.o / 4u;
  let blocks = (columns + LANES * TN - 1u) / (LANES * TN);
  let group = workgroup.x / blocks;
  let column = (workgroup.x % blocks) * LANES * TN + lane;
  let channel = workgroup.y * LANES * TR;
  let taps_h = params.taps / KW;
  let kh = workgroup.z % taps_h;
  let slab = workgroup.z / taps_h;

  var channel_at: array<u32, TR>; // this lane's
  for (var t = 0u; t < TR; t++) {
    let c = min(channel + t * LANES + lane, params.group_inputs - 1u);
    channel_at[t] = group * params.group_inputs + c;
  }
  var column_at: array<u32, TN>;
  for (var j = 0u; j < TN; j++) {
    column_at[j] = group * columns + min(column + j * LANES, columns - 1u);
  }

  var acc: array<array<array<array<vec4f, TN>, LANES>, KW>, TR>;
  let end = min((slab + 1u) * params.slab_rows, params.rows);
  for (var row = slab * params.slab_rows; row < end; row++) {
    let first = row_first(row, kh);
    if (first >= 0) {
      var grad_at = row * params.ow * pitch;
      var x = -i32(params.pad_left);
      var window: array<array<f32, SPAN>, TR>;
      for (var t = 0u; t < TR; t++) {
        for (var i = 0u; i < KEPT; i++) {
          window[t][U * SW + i] = sample(u32(first) + channel_at[t], x + i32(i));
        }
      }
      for (var ox = 0u; ox < params.ow; ox += U) {
        // A column beyond the end takes part with zeros on both sides.
        var g: array<array<vec4f, TN>, U>;
        for (var u = 0u; u < U; u++) {
          let inside = ox + u < params.ow;
          for (var j = 0u; j < TN; j++) {
            let at = grad_at + select(0u, u * pitch, inside) + column_at[j];
            g[u][j] = select(vec4f(), grad_output[at], inside);
          }
        }
        for (var t = 0u; t < TR; t++) {
          for (var i = 0u; i < KEPT; i++) {
            window[t][i] = window[t][U * SW + i];
          }
          for (var i = KEPT; i < SPAN; i++) {
            window[t][i] = sample(u32(first) + channel_at[t], x + i32(i));
          }
          for (var kw = 0u; kw < KW; kw++) {
            for (var i = 0u; i < LANES; i++) {
              var a: array<f32, U>;
              for (var u = 0u; u < U; u++) {
                let v = subgroupShuffle(window[t][kw + u * SW], i);
                a[u] = select(0.0, v, ox + u < params.ow);
              }
              for (var j = 0u; j < TN; j++) {
                var sum = acc[t][kw][i][j];
                for (var u = 0u; u < U; u++) {
                  sum += a[u] * g[u][j];
                }
                acc[t][kw][i][j] = sum;
              }
            }
          }
        }
        grad_at += U * pitch;
        x += i32(U * SW);
      }
    }
  }

  for (var t = 0u; t < TR; t++) {
    for (var kw = 0u; kw < KW; kw++) {
      let tap = slab * params.taps + kh * KW + kw;
      for (var i = 0u; i < LANES; i++) {
        let c = channel + t * LANES + i;
        for (var j = 0u; j < TN; j++) {
          if (c < params.group_inputs && column + j * LANES < columns) {
            partials[(tap * params.group_inputs + c) * pitch + column_at[j]] = acc[t][kw][i][j];
          }
        }
      }
    }
  }
}
