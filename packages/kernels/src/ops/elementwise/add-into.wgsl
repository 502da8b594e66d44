// accumulator[i] += alpha * x[i]
//
// In place. Flat: see flat.wgsl.

struct Params { vectors: u32, alpha: f32, }

@group(0) @binding(0) var<storage, read_write> accumulator: array<vec4f>; // [vectors]
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // [vectors]
@group(0) @binding(2) var<uniform> params: Params;

fn each(i: u32) {
  accumulator[i] = fma(vec4f(params.alpha), x[i], accumulator[i]);
}
