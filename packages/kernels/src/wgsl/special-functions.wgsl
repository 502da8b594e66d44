// Pure functions that WGSL lacks, or specifies too loosely to differentiate through.
//
// Errors are those of the formulas over WGSL's own `exp` (3 + 2|x| ulp); every branch lets NaN
// through, as far as the implementation keeps NaN at all, and none overflows at |x| = 100.

// 1 / (1 + e^-x), from e^-|x|, which cannot overflow.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}

// ln(1 + e) for 0 <= e <= 1 as 2 artanh(s), s = e / (2 + e) <= 1/3: the terms left out are below
// 2e-10 of the sum. Not ln(u) e / (u - 1) with u = 1 + e: compilers simplify u - 1 to e.
fn log1p_unit(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  var sum = 1.0 / 17.0;
  sum = fma(sum, q, 1.0 / 15.0);
  sum = fma(sum, q, 1.0 / 13.0);
  sum = fma(sum, q, 1.0 / 11.0);
  sum = fma(sum, q, 1.0 / 9.0);
  sum = fma(sum, q, 1.0 / 7.0);
  sum = fma(sum, q, 1.0 / 5.0);
  sum = fma(sum, q, 1.0 / 3.0);
  return 2.0 * fma(s * q, sum, s);
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|).
fn softplus(x: f32) -> f32 {
  return select(x, 0.0, x <= 0.0) + log1p_unit(exp(-abs(x)));
}

// tanh: its series below 0.55, where 1 - 2 / (e^2x + 1) would cancel. WGSL's own may do so.
fn hyperbolic_tangent(x: f32) -> f32 {
  let t = abs(x);
  if (t >= 10.0) { return sign(x); }
  if (t >= 0.55) { return sign(x) * (1.0 - 2.0 / (exp(2.0 * t) + 1.0)); }
  // Taylor: the next term, 6404582 x^17 / 10854718875, is below 2^-24 of the result at 0.55.
  let q = x * x;
  var sum = -929569.0 / 638512875.0;
  sum = fma(sum, q, 21844.0 / 6081075.0);
  sum = fma(sum, q, -1382.0 / 155925.0);
  sum = fma(sum, q, 62.0 / 2835.0);
  sum = fma(sum, q, -17.0 / 315.0);
  sum = fma(sum, q, 2.0 / 15.0);
  sum = fma(sum, q, -1.0 / 3.0);
  return fma(x * q, sum, x);
}

// The standard normal distribution function, Φ(x) = (1 + erf(x / sqrt 2)) / 2.
// erf after N. Juffa (minimax polynomials, below 1 ulp of erf). Beyond t = 475/512 the polynomial
// is ln erfc(t), so the lower tail needs no 1 + erf: the absolute error is at most 2^-23 anywhere,
// the relative one 4e-5 down to x = -4.
fn normal_cdf(x: f32) -> f32 {
  let a = x * 0.70710678118654752;
  let t = abs(a);
  let s = a * a;
  if (t > 0.927734375) {
    // erfc underflows here; the polynomial is fitted up to 4 only.
    if (t > 8.0) { return select(1.0, 0.0, x < 0.0); }
    var r = fma(-1.72853470e-5, t, 3.83197126e-4);
    let u = fma(-3.88396438e-3, t, 2.42546219e-2);
    r = fma(r, s, u);
    r = fma(r, t, -1.06777877e-1);
    r = fma(r, t, -6.34846687e-1);
    r = fma(r, t, -1.28717512e-1);
    let tail = 0.5 * exp(fma(r, t, -t));
    return select(1.0 - tail, tail, x < 0.0);
  }
  var r = -5.96761703e-4;
  r = fma(r, s, 4.99119423e-3);
  r = fma(r, s, -2.67681349e-2);
  r = fma(r, s, 1.12819925e-1);
  r = fma(r, s, -3.76125336e-1);
  r = fma(r, s, 1.28379166e-1);
  return 0.5 + 0.5 * fma(r, a, a);
}

// d/dx of x Φ(x): Φ(x) + x φ(x).
fn gelu_derivative(x: f32) -> f32 {
  return normal_cdf(x) + x * exp(-0.5 * x * x) * 0.39894228040143268;
}

// By the bits: compilers fold x != x to false.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
