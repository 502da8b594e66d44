// partial[b, s, 0, c] = mean of input[b, r, c] over the rows r of slab s
// partial[b, s, 1, c] = sum of the squared differences from that mean
//
// Sums are of differences from the slab's first row: where the mean is large against the deviation,
// squares of the values themselves would leave nothing of it. One workgroup owns one slab of
// CHANNEL_LANES elements; its rows are dealt to ROW_LANES invocations.

const CHANNEL_LANES: u32 = 8u;

struct Params {
  workgroups: u32, // B * S * blocks
  blocks: u32,     // ceil(C / WIDTH / CHANNEL_LANES)
  c: u32,          // C / WIDTH
  rows: u32,       // R
  slabs: u32,      // S
  slab_rows: u32,  // ceil(R / S)
}

@group(0) @binding(0) var<storage, read> input: array<Element>;         // [B, R, C / WIDTH]
@group(0) @binding(1) var<storage, read_write> partial: array<Element>; // [B, S, 2, C / WIDTH]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(CHANNEL_LANES, ROW_LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let i = group.y * groups.x + group.x;
  let c = i % params.blocks * CHANNEL_LANES + lane.x;
  let batch_slab = i / params.blocks; // b * S + s
  let first = batch_slab % params.slabs * params.slab_rows;
  let last = min(first + params.slab_rows, params.rows);
  let start = batch_slab / params.slabs * params.rows;
  let is_inside = i < params.workgroups && c < params.c;

  var shift = Element();
  var sums = Pair();
  // No early return: a barrier follows.
  if (is_inside) {
    shift = input[(start + first) * params.c + c];
    for (var r = first + lane.y; r < last; r += ROW_LANES) {
      let d = input[(start + r) * params.c + c] - shift;
      sums.first += d;
      sums.second += d * d;
    }
  }
  sums = combine(sums, lane.x, lane.y);
  if (is_inside && lane.y == 0u) {
    let count = f32(last - first);
    let at = batch_slab * 2u * params.c + c;
    partial[at] = shift + sums.first / count;
    partial[at + params.c] = max(sums.second - sums.first * sums.first / count, Element());
  }
}
