// output[o, s, c] = scale * reduce over the rows r of slab s of input[o, r, c]
//
// An invocation keeps one column and takes the rows of one slab in order; neighbours read
// neighbours. No workgroup memory, no barrier: where rows are many and columns few, slabs keep the
// device busy, and a second dispatch reduces [outer, slabs, columns]. The order of the terms depends
// on the shape alone.
// Columns are counted in units of `Element`. A contiguous run of `limit` values is also walked as
// rows of some width; then the last row may be short. So may be the last slab: the guard sees to
// both.

alias Element = vec4f;

const LANES: u32 = 64u;

struct Params {
  count: u32, // outer * slabs * columns
  columns: u32,
  rows_per_slab: u32,
  slabs: u32,
  limit: u32, // Elements of one `outer`, at most rows * columns
  scale: f32,
  identity: f32, // of the operation; WGSL has no literal for the infinities
}

@group(0) @binding(0) var<storage, read> input: array<Element>; // [outer, limit]
@group(0) @binding(1) var<storage, read_write> output: array<Element>; // [outer, slabs, columns]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (workgroup.y * grid.x + workgroup.x) * LANES + lane;
  if (i >= params.count) { return; }
  let block = i / params.columns;
  let column = i - block * params.columns;
  let outer = block / params.slabs;
  let first = (block - outer * params.slabs) * params.rows_per_slab;
  let last = first + params.rows_per_slab;
  let base = outer * params.limit;
  var total = Element(params.identity);
  for (var row = first; row < last; row++) {
    let at = row * params.columns + column;
    if (at < params.limit) { total = combine(total, prepare(input[base + at])); }
  }
  output[i] = params.scale * total;
}
