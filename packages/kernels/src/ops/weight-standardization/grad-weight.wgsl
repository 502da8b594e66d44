// grad_weight = (g - mean(g)) / (q + EPS) - c * sum(g * c) / ((q + EPS)^2 * (n - 1) * q)
//
// per filter, with c = weight - mean and q its deviation; the derivation is in
// weight-standardization.ts. A workgroup owns filters as in standardize.wgsl.

const CHANNEL_LANES: u32 = 8u;
const EPS: f32 = 1e-5;

struct Params {
  rows: u32, // n = KH * KW * I
  c: u32,    // O / WIDTH
}

@group(0) @binding(0) var<storage, read> grad_output: array<Element>;       // [n, O / WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<Element>;            // [n, O / WIDTH]
@group(0) @binding(2) var<storage, read> mean: array<Element>;              // [O / WIDTH]
@group(0) @binding(3) var<storage, read> deviation: array<Element>;         // [O / WIDTH]
@group(0) @binding(4) var<storage, read_write> grad_weight: array<Element>; // [n, O / WIDTH]
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(CHANNEL_LANES, ROW_LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let c = group.x * CHANNEL_LANES + lane.x;
  // Invocations beyond the last filter repeat it and write nothing: barriers need them all.
  let at = min(c, params.c - 1u);
  let center = mean[at];
  let q = deviation[at];
  var sum = Element();
  var product = Element();
  for (var r = lane.y; r < params.rows; r += ROW_LANES) {
    let g = grad_output[r * params.c + at];
    sum += g;
    product += g * (weight[r * params.c + at] - center);
  }
  let offset = share(sum, lane.x, lane.y) / f32(params.rows);
  let total = share(product, lane.x, lane.y);
  let scale = 1.0 / (q + EPS);
  // A constant filter has c = 0 and q = 0: the second term is 0 / 0, and is left out.
  let divisor = select(Element(1.0), f32(params.rows - 1u) * q, q > Element());
  let slope = select(Element(), total * scale * scale / divisor, q > Element());
  if (c < params.c) {
    for (var r = lane.y; r < params.rows; r += ROW_LANES) {
      let i = r * params.c + c;
      grad_weight[i] = (grad_output[i] - offset) * scale - (weight[i] - center) * slope;
    }
  }
}
