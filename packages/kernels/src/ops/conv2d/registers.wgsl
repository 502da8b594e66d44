// The correlation without workgroup memory or barriers, for software adapters: there a storage
// load costs about 6 ns whatever its width and multiplications are nearly free, so speed is
// products per load. (45 variants were measured; this shape led, see docs/kernels.md.)
//
// A workgroup is one subgroup of 8. Each invocation owns TM rows x TN vec4 of output channels;
// lanes lie along channels, so the source loads are the same for all of them. Per channel k:
// TM scalar loads and TN vec4 loads feed 4 * TM * TN products.

const LANES: u32 = 8u;
const TM: u32 = 8u; // rows per invocation
const TN: u32 = 2u; // vec4 columns per invocation

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let columns = (params.group_outputs + 3u) / 4u;
  let blocks = (columns + LANES * TN - 1u) / (LANES * TN);
  let group = workgroup.x / blocks;
  let column = (workgroup.x % blocks) * LANES * TN + lane;
  let first_column = group * params.group_outputs / 4u;
  let first_row = (workgroup.z * grid.y + workgroup.y) * TM;

  var rows: array<Row, TM>;
  for (var t = 0u; t < TM; t++) {
    // Rows beyond the end repeat the last one and are not stored.
    rows[t] = row_at(min(first_row + t, params.rows - 1u));
  }
  var column_at: array<u32, TN>;
  for (var j = 0u; j < TN; j++) {
    column_at[j] = first_column + min(column + j * LANES, columns - 1u);
  }

  var acc: array<array<vec4f, TN>, TM>;
  for (var th = 0u; th < params.taps_h; th++) {
    for (var tw = 0u; tw < params.taps_w; tw++) {
      var address: array<u32, TM>;
      var valid: array<bool, TM>;
      for (var t = 0u; t < TM; t++) {
        let at = sample_at(rows[t], th, tw);
        valid[t] = at != outside;
        address[t] = select(0u, at + group * params.depth, valid[t]);
      }
      var weight_at = weight_row(th, tw) * params.weight_pitch;
      for (var k = 0u; k < params.depth; k++) {
        var w: array<vec4f, TN>;
        for (var j = 0u; j < TN; j++) {
          w[j] = weight4(weight_at + column_at[j]);
        }
        for (var t = 0u; t < TM; t++) {
          let a = select(0.0, source1(address[t] + k), valid[t]);
          for (var j = 0u; j < TN; j++) {
            acc[t][j] += a * w[j];
          }
        }
        weight_at += params.weight_pitch;
      }
    }
  }

  for (var t = 0u; t < TM; t++) {
    for (var j = 0u; j < TN; j++) {
      let c = column + j * LANES;
      if (first_row + t < params.rows && c < columns) {
        let channel = group * params.group_outputs + 4u * c;
        store(rows[t].out, channel, epilogue(acc[t][j], rows[t].out, channel));
      }
    }
  }
}
