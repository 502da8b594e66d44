// partial[b, s, 0, c] = sum of grad_output[b, r, c] over the rows r of slab s
// partial[b, s, 1, c] = sum of grad_output[b, r, c] * (input[b, r, c] - mean[b, c])
//
// where RELU, with grad_output only where the activated output is above zero.
//
// As moments.wgsl: one workgroup owns one slab of CHANNEL_LANES elements.

const CHANNEL_LANES: u32 = 8u;
const RELU: bool = false; // false: any array in the place of activated

struct Params {
  workgroups: u32, // B * S * blocks
  blocks: u32,     // ceil(C / WIDTH / CHANNEL_LANES)
  c: u32,          // C / WIDTH
  rows: u32,       // R
  slabs: u32,      // S
  slab_rows: u32,  // ceil(R / S)
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;   // [B, R, C / WIDTH]
@group(0) @binding(1) var<storage, read> input: array<Element>;         // [B, R, C / WIDTH]
@group(0) @binding(2) var<storage, read> mean: array<Element>;          // [B, C / WIDTH]
@group(0) @binding(3) var<storage, read> activated: array<Element>;     // [B, R, C / WIDTH]
@group(0) @binding(4) var<storage, read_write> partial: array<Element>; // [B, S, 2, C / WIDTH]
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(CHANNEL_LANES, ROW_LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let i = group.y * groups.x + group.x;
  let c = i % params.blocks * CHANNEL_LANES + lane.x;
  let batch_slab = i / params.blocks; // b * S + s
  let b = batch_slab / params.slabs;
  let first = batch_slab % params.slabs * params.slab_rows;
  let last = min(first + params.slab_rows, params.rows);
  let is_inside = i < params.workgroups && c < params.c;

  var sums = Pair();
  // No early return: a barrier follows.
  if (is_inside) {
    let center = mean[b * params.c + c];
    for (var r = first + lane.y; r < last; r += ROW_LANES) {
      let at = (b * params.rows + r) * params.c + c;
      var g = grad_output[at];
      if (RELU) {
        g = select(g, Element(), activated[at] <= Element());
      }
      sums.first += g;
      sums.second += g * (input[at] - center);
    }
  }
  sums = combine(sums, lane.x, lane.y);
  if (is_inside && lane.y == 0u) {
    let at = batch_slab * 2u * params.c + c;
    partial[at] = sums.first;
    partial[at + params.c] = sums.second;
  }
}
