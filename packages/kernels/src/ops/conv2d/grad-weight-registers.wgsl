// The weight gradient in registers (see registers.wgsl): each invocation owns TM input channels x
// TN vec4 of outputs of one tap; pixels are the depth. A dense layer has one pixel a row, so the
// loop over rows is as tight as the one over columns.

const LANES: u32 = 8u;
const TM: u32 = 8u; // input channels per invocation
const TN: u32 = 2u; // vec4 outputs per invocation

@group(0) @binding(0) var<storage, read> input: array<f32>; // [N, H, W, C]

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let columns = params.group_outputs / 4u;
  let blocks = (columns + LANES * TN - 1u) / (LANES * TN);
  let group = workgroup.x / blocks;
  let column = (workgroup.x % blocks) * LANES * TN + lane;
  let channel = workgroup.y * TM;
  let tap = workgroup.z % params.taps;
  let slab = workgroup.z / params.taps;
  let kh = tap / params.kernel_w;
  let kw = tap % params.kernel_w;

  var channel_at: array<u32, TM>;
  for (var t = 0u; t < TM; t++) {
    channel_at[t] = group * params.group_inputs + min(channel + t, params.group_inputs - 1u);
  }
  var column_at: array<u32, TN>;
  for (var j = 0u; j < TN; j++) {
    column_at[j] = group * columns + min(column + j * LANES, columns - 1u);
  }

  let range = column_range(kw);
  let pitch = params.o / 4u;
  let step = params.stride_w * params.c;
  let shift = i32((range.x * params.stride_w + kw * params.dilation_w) * params.c)
    - i32(params.pad_left * params.c);
  var acc: array<array<vec4f, TN>, TM>;
  let end = min((slab + 1u) * params.slab_rows, params.rows);
  for (var row = slab * params.slab_rows; row < end; row++) {
    let first = row_first(row, kh);
    if (first >= 0) {
      var input_at = u32(first + shift);
      var grad_at = (row * params.ow + range.x) * pitch;
      for (var x = range.x; x < range.y; x++) {
        var g: array<vec4f, TN>;
        for (var j = 0u; j < TN; j++) {
          g[j] = grad_output[grad_at + column_at[j]];
        }
        for (var t = 0u; t < TM; t++) {
          let a = input[input_at + channel_at[t]];
          for (var j = 0u; j < TN; j++) {
            acc[t][j] += a * g[j];
          }
        }
        input_at += step;
        grad_at += pitch;
      }
    }
  }

  for (var t = 0u; t < TM; t++) {
    for (var j = 0u; j < TN; j++) {
      let c = column + j * LANES;
      if (channel + t < params.group_inputs && c < columns) {
        let at = (slab * params.taps + tap) * params.group_inputs + channel + t;
        partials[at * pitch + group * columns + c] = acc[t][j];
      }
    }
  }
}
