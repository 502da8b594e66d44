// The correlation for many small groups: channels per group and outputs per group are multiples of
// 4, as in ResNeXt. Each invocation computes four outputs of one group for TM rows: per four
// channels, four vec4 weights and TM vec4 samples feed 16 * TM products. All groups go in one
// dispatch, lanes along the output channels.

const LANES: u32 = 8u;
const TM: u32 = 4u; // rows per invocation

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = workgroup.x * LANES + lane;
  let channel = 4u * min(column, params.out_c / 4u - 1u);
  let group = channel / params.group_outputs;
  let first_row = (workgroup.z * grid.y + workgroup.y) * TM;
  var rows: array<Row, TM>;
  for (var t = 0u; t < TM; t++) {
    rows[t] = row_at(min(first_row + t, params.rows - 1u));
  }

  var acc: array<vec4f, TM>;
  for (var th = 0u; th < params.taps_h; th++) {
    for (var tw = 0u; tw < params.taps_w; tw++) {
      var samples: array<u32, TM>;
      for (var t = 0u; t < TM; t++) {
        samples[t] = sample_at(rows[t], th, tw);
      }
      let weight_first = weight_row(th, tw);
      for (var k = 0u; k < params.depth; k += 4u) {
        var at = (weight_first + k) * params.weight_pitch + channel / 4u;
        let w0 = weight4(at);
        at += params.weight_pitch;
        let w1 = weight4(at);
        at += params.weight_pitch;
        let w2 = weight4(at);
        at += params.weight_pitch;
        let w3 = weight4(at);
        for (var t = 0u; t < TM; t++) {
          if (samples[t] != outside) {
            let a = load4(samples[t] + group * params.depth, k);
            acc[t] += a.x * w0 + a.y * w1 + a.z * w2 + a.w * w3;
          }
        }
      }
    }
  }

  if (4u * column < params.out_c) {
    for (var t = 0u; t < TM; t++) {
      if (first_row + t < params.rows) {
        store(rows[t].out, channel, epilogue(acc[t], rows[t].out, channel));
      }
    }
  }
}
