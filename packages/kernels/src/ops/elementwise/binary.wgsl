// output[i] = combine(a[i * a_step], b[i * b_step])
//
// Flat: operands of the same shape (step 1), or a single number (step 0, bound as f32 and splat by
// Vector()). See flat.wgsl.

alias Vector = vec4f;
alias A = vec4f;
alias B = vec4f;

struct Params { vectors: u32, a_step: u32, b_step: u32, alpha: f32, beta: f32, }

@group(0) @binding(0) var<storage, read> a: array<A>; // [vectors] or [1]
@group(0) @binding(1) var<storage, read> b: array<B>; // [vectors] or [1]
@group(0) @binding(2) var<storage, read_write> output: array<Vector>; // [vectors]
@group(0) @binding(3) var<uniform> params: Params;

fn each(i: u32) {
  let x = Vector(a[i * params.a_step]);
  let y = Vector(b[i * params.b_step]);
  output[i] =
    vec4f(combine(x.x, y.x), combine(x.y, y.y), combine(x.z, y.z), combine(x.w, y.w));
}
