// Philox 4x32-10: four random words from a counter and a key, without any state.
//
// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), fig. 4 and
// their Random123 library. Ten rounds of two 32 x 32 -> 64-bit products.

// The high word of a * b, from products of 16-bit halves.
fn multiply_high(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let low = a_low * b_low;
  let middle = a_high * b_low + (low >> 16u);
  let carried = a_low * b_high + (middle & 0xffffu);
  return a_high * b_high + (middle >> 16u) + (carried >> 16u);
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high0 = multiply_high(0xd2511f53u, c.x);
    let high1 = multiply_high(0xcd9e8d57u, c.z);
    c = vec4u(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u); // the golden ratio, and sqrt 3 - 1
  }
  return c;
}

// Uniform in [0, 1): the upper 24 bits, so that every value is exact.
fn unit_interval(bits: vec4u) -> vec4f {
  return vec4f(bits >> vec4u(8u)) * 0x1p-24;
}
