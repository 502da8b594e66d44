// The correlation for software adapters with subgroups. There a storage load costs some 12
// instructions a lane, whether lanes read one address or eight: so each lane loads the sample of a
// row of its own, and a shuffle of registers, one instruction, hands it to all of them.
//
// A workgroup is one subgroup of 8. Each invocation owns 8 * TR rows x TN vec4 of output channels;
// lanes lie along rows while sources are loaded, and along channels otherwise. Per turn of U
// channels: TR loads of U samples and U * TN of vec4s feed 32 * U * TR * TN products. Several
// channels a turn save masks: a sum that lives across turns is stored under the execution mask.

const LANES: u32 = 8u;
const TR: u32 = 2u; // eights of rows per workgroup
const TN: u32 = 2u; // vec4 columns per invocation
const U: u32 = 2u; // channels per turn, which divide depth; see source-run-*.wgsl

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
  let first_row = (workgroup.z * grid.y + workgroup.y) * LANES * TR;

  var rows: array<Row, TR>; // this lane's
  for (var t = 0u; t < TR; t++) {
    // Rows beyond the end repeat the last one and are not stored.
    rows[t] = row_at(min(first_row + t * LANES + lane, params.rows - 1u));
  }
  var column_at: array<u32, TN>;
  for (var j = 0u; j < TN; j++) {
    column_at[j] = first_column + min(column + j * LANES, columns - 1u);
  }

  var acc: array<array<array<vec4f, TN>, LANES>, TR>;
  for (var th = 0u; th < params.taps_h; th++) {
    for (var tw = 0u; tw < params.taps_w; tw++) {
      var address: array<u32, TR>;
      var valid: array<bool, TR>;
      for (var t = 0u; t < TR; t++) {
        let at = sample_at(rows[t], th, tw);
        valid[t] = at != outside;
        address[t] = select(0u, at + group * params.depth, valid[t]);
      }
      var weight_at = weight_row(th, tw) * params.weight_pitch;
      for (var k = 0u; k < params.depth; k += U) {
        var w: array<array<vec4f, TN>, U>;
        for (var u = 0u; u < U; u++) {
          for (var j = 0u; j < TN; j++) {
            w[u][j] = weight4(weight_at + column_at[j]);
          }
          weight_at += params.weight_pitch;
        }
        for (var t = 0u; t < TR; t++) {
          let samples = source_run(address[t] + k, valid[t]);
          for (var i = 0u; i < LANES; i++) {
            var a: array<f32, U>;
            for (var u = 0u; u < U; u++) {
              a[u] = subgroupShuffle(samples[u], i);
            }
            for (var j = 0u; j < TN; j++) {
              var sum = acc[t][i][j];
              for (var u = 0u; u < U; u++) {
                sum += a[u] * w[u][j];
              }
              acc[t][i][j] = sum;
            }
          }
        }
      }
    }
  }

  for (var t = 0u; t < TR; t++) {
    for (var i = 0u; i < LANES; i++) {
      let out = subgroupShuffle(rows[t].out, i);
      for (var j = 0u; j < TN; j++) {
        let c = column + j * LANES;
        if (first_row + t * LANES + i < params.rows && c < columns) {
          let channel = group * params.group_outputs + 4u * c;
          store(out, channel, epilogue(acc[t][i][j], out, channel));
        }
      }
    }
  }
}
