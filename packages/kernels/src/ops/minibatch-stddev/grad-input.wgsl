// grad_input[n, p] = grad_output[n, p] + sums[m] * (x[n, p] - mean) / (P * G * sigma)
//
// The derivation is in minibatch-stddev.ts. One invocation owns one position p = (y, x, c) of one
// group m, that is G elements.

const WORKGROUP: u32 = 64u;
const EPS: f32 = 1e-8;

struct Params {
  total: u32,       // M * P
  group_size: u32,  // G
  group_count: u32, // M
  positions: u32,   // P = H * W * C
  c: u32,           // C
}

@group(0) @binding(0) var<storage, read> input: array<f32>;            // [G, M, H * W, C]
@group(0) @binding(1) var<storage, read> grad_output: array<f32>;      // [G, M, H * W, C + 1]
@group(0) @binding(2) var<storage, read> sums: array<f32>;             // [M]
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>; // [G, M, H * W, C]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.total) {
    return;
  }
  let size = f32(params.group_size);
  var mean = 0.0;
  for (var g = 0u; g < params.group_size; g++) {
    mean += input[i + g * params.total];
  }
  mean /= size;
  var squares = 0.0;
  for (var g = 0u; g < params.group_size; g++) {
    let d = input[i + g * params.total] - mean;
    squares += d * d;
  }
  let sigma = sqrt(squares / size + EPS);
  let slope = sums[i / params.positions] / (f32(params.positions) * size * sigma);
  for (var g = 0u; g < params.group_size; g++) {
    let at = i + g * params.total;
    // One more channel a pixel in grad_output.
    grad_input[at] = grad_output[at + at / params.c] + slope * (input[at] - mean);
  }
}
