// The correlation for at most a few outputs, as of an image: lanes lie along the rows, because the
// outputs would fill one lane in eight. Each invocation computes four outputs of TM rows: per four
// channels, four vec4 weights (the same for all lanes) and TM vec4 samples feed 16 * TM products.

const LANES: u32 = 8u;
const TM: u32 = 4u; // rows per invocation

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = workgroup.x;
  // Neighbouring lanes take neighbouring rows.
  let first_row = (workgroup.z * grid.y + workgroup.y) * LANES * TM + lane;
  var rows: array<Row, TM>;
  for (var t = 0u; t < TM; t++) {
    rows[t] = row_at(min(first_row + t * LANES, params.rows - 1u));
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
        var w: array<vec4f, 4>;
        for (var i = 0u; i < 4u; i++) {
          // Channels beyond the depth meet samples of zero.
          let at = weight_first + min(k + i, params.depth - 1u);
          w[i] = weight4(at * params.weight_pitch + column);
        }
        for (var t = 0u; t < TM; t++) {
          let outside_here = samples[t] == outside;
          let a = select(load4(select(samples[t], 0u, outside_here), k), vec4f(), outside_here);
          acc[t] += a.x * w[0] + a.y * w[1] + a.z * w[2] + a.w * w[3];
        }
      }
    }
  }

  for (var t = 0u; t < TM; t++) {
    if (first_row + t * LANES < params.rows) {
      let out = rows[t].out;
      store(out, 4u * column, epilogue(acc[t], out, 4u * column));
    }
  }
}
