// output[i] = input[i]: how fast memory is, as a kernel sees it.
//
// One invocation copies VECTORS vec4s, LANES apart, so that neighbours touch neighbours.

const LANES: u32 = 64u;
const VECTORS: u32 = 4u;

struct Params { vectors: u32, }

@group(0) @binding(0) var<storage, read> input: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = workgroup.x * LANES * VECTORS + lane;
  for (var vector = 0u; vector < VECTORS; vector++) {
    let i = first + vector * LANES;
    if (i < params.vectors) {
      output[i] = input[i];
    }
  }
}
