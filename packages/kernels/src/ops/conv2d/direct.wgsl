// The correlation for group sizes that no other kernel takes: one invocation per output element.

const LANES: u32 = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * LANES + lane;
  if (index >= params.rows * params.out_c) {
    return;
  }
  let channel = index % params.out_c;
  let group = channel / params.group_outputs;
  let row = row_at(index / params.out_c);
  var acc = 0.0;
  for (var th = 0u; th < params.taps_h; th++) {
    for (var tw = 0u; tw < params.taps_w; tw++) {
      let sample = sample_at(row, th, tw);
      if (sample != outside) {
        let weight_first = weight_row(th, tw);
        for (var k = 0u; k < params.depth; k++) {
          let w = weight4((weight_first + k) * params.weight_pitch + channel / 4u)[channel % 4u];
          acc += source1(sample + group * params.depth + k) * w;
        }
      }
    }
  }
  output[row.out + channel] = epilogue(vec4f(acc), row.out, channel).x;
}
