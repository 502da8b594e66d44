// output[i] = what CHAINS chains of fused multiply-adds end with: how fast arithmetic is when
// nothing is loaded.
//
// The chains do not depend on each other, so that their latencies overlap; a and b are parameters,
// so that nothing can be computed beforehand; with |a| < 1 the values settle instead of overflowing.

const LANES: u32 = 64u;
const CHAINS: u32 = 8u; // of vec4s

struct Params { steps: u32, a: f32, b: f32, }

@group(0) @binding(0) var<storage, read_write> output: array<vec4f>; // [invocations]
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  var acc: array<vec4f, CHAINS>;
  for (var chain = 0u; chain < CHAINS; chain++) {
    acc[chain] = vec4f(f32(invocation.x), f32(chain), 1.0, 2.0);
  }
  let a = vec4f(params.a);
  let b = vec4f(params.b);
  for (var step = 0u; step < params.steps; step++) {
    for (var chain = 0u; chain < CHAINS; chain++) {
      acc[chain] = fma(acc[chain], a, b);
    }
  }
  var sum = vec4f();
  for (var chain = 0u; chain < CHAINS; chain++) {
    sum += acc[chain];
  }
  output[invocation.x] = sum;
}
