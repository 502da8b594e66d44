// The weight gradient for group sizes that the other kernels do not take: one invocation per four
// outputs of one input channel of their group, of one tap and slab. The four outputs may belong to
// different groups when a group has fewer than four (depthwise with one output a channel).

const LANES: u32 = 8u;

@group(0) @binding(0) var<storage, read> input: array<f32>; // [N, H, W, C]

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = workgroup.x * LANES + lane;
  let pitch = params.o / 4u;
  let tap = workgroup.z % params.taps;
  let slab = workgroup.z / params.taps;
  let kh = tap / params.kernel_w;
  let kw = tap % params.kernel_w;
  var channel: array<u32, 4>;
  for (var i = 0u; i < 4u; i++) {
    // Padded outputs read some channel; their sums are dropped.
    let group = min((4u * column + i) / params.group_outputs, params.c / params.group_inputs - 1u);
    channel[i] = group * params.group_inputs + workgroup.y;
  }

  let range = column_range(kw);
  let shift = i32(kw * params.dilation_w) - i32(params.pad_left);
  var acc = vec4f();
  let end = min((slab + 1u) * params.slab_rows, params.rows);
  for (var row = slab * params.slab_rows; row < end; row++) {
    let first = row_first(row, kh);
    if (first >= 0) {
      for (var x = range.x; x < range.y; x++) {
        let at = u32(first) + u32(i32(x * params.stride_w) + shift) * params.c;
        let g = grad_output[(row * params.ow + x) * pitch + min(column, pitch - 1u)];
        acc += g * vec4f(
          input[at + channel[0]],
          input[at + channel[1]],
          input[at + channel[2]],
          input[at + channel[3]],
        );
      }
    }
  }
  if (column < pitch) {
    partials[((slab * params.taps + tap) * params.group_inputs + workgroup.y) * pitch + column] = acc;
  }
}
