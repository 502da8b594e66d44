// output[b, s, c] = scale * sum of input[b, r, c] over the rows r of slab s, or where PRODUCT of
// input[b, r, c] * factor[b, r, c]
//
// Long columns in two phases: slabs of rows first, then the slabs, in fixed order. One invocation
// sums WIDTH channels of one slab.

const WORKGROUP: u32 = 64u;
const PRODUCT: bool = false; // false: any array in the place of factor

struct Params {
  total: u32,     // B * S * C / WIDTH
  c: u32,         // C / WIDTH
  rows: u32,      // R
  slabs: u32,     // S
  slab_rows: u32, // ceil(R / S)
  scale: f32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [B, R, C / WIDTH]
@group(0) @binding(1) var<storage, read> factor: array<Element>;       // [B, R, C / WIDTH]
@group(0) @binding(2) var<storage, read_write> output: array<Element>; // [B, S, C / WIDTH]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.total) {
    return;
  }
  let c = i % params.c;
  let slab = i / params.c % params.slabs;
  let b = i / params.c / params.slabs;
  let first = slab * params.slab_rows;
  let last = min(first + params.slab_rows, params.rows);
  var acc = Element();
  var at = (b * params.rows + first) * params.c + c;
  for (var r = first; r < last; r++) {
    if (PRODUCT) {
      acc += input[at] * factor[at];
    } else {
      acc += input[at];
    }
    at += params.c;
  }
  output[i] = acc * params.scale;
}
