// What a convolution does behind its sum v, in the same pass: a residual is added, and then comes
//
//   gain * leaky_relu(v, slope), slope 1 being linear and slope 0 ReLU, or v * sigmoid(v) where SILU.
//
// Shared by all kernels that store a convolution's outputs: Params has slope and gain.

alias Element = vec4f;
const SILU: bool = false;
const RESIDUAL: bool = false; // false: any array in its place

// NaN stays NaN, and ReLU of -inf is 0, not 0 * -inf.
fn activate(v: vec4f) -> vec4f {
  if (SILU) {
    return v * logistic(v);
  }
  let negative = select(v * params.slope, vec4f(), params.slope == 0.0);
  return params.gain * select(v, negative, v <= vec4f());
}
