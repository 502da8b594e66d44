// output[i] = bits: every 4-byte element the same, whatever its type.
//
// Flat: see flat.wgsl.

struct Params { vectors: u32, bits: u32, }

@group(0) @binding(0) var<storage, read_write> output: array<vec4u>; // [vectors]
@group(0) @binding(1) var<uniform> params: Params;

fn each(i: u32) {
  output[i] = vec4u(params.bits);
}
