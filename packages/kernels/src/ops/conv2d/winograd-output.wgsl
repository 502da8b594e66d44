// The 2×2 outputs Aᵀ m A of one tile, four channels an invocation, with the convolution's epilogue
// activate(scale * sum + bias + residual); see winograd.ts.

const LANES: u32 = 8u;

struct Params {
  tiles: u32, // of this chunk
  first_tile: u32,
  tiles_h: u32,
  tiles_w: u32,
  oh: u32,
  ow: u32,
  o4: u32, // O / 4
  has_bias: u32,
  scale: f32,
  slope: f32,
  gain: f32,
}

@group(0) @binding(0) var<storage, read> products: array<vec4f>; // [tiles, 16, O]
@group(0) @binding(1) var<storage, read> bias: array<vec4f>; // [O], or anything without a bias
@group(0) @binding(2) var<storage, read> residual: array<vec4f>; // as output, or anything without one
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>; // [N, OH, OW, O]
@group(0) @binding(4) var<uniform> params: Params;

fn epilogue(sum: vec4f, b: vec4f, at: u32) -> vec4f {
  var v = sum * params.scale + b;
  if (RESIDUAL) {
    v += residual[at];
  }
  return activate(v);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = workgroup.x * LANES + lane;
  let c = min(channel, params.o4 - 1u);
  let tile = workgroup.z * grid.y + workgroup.y;
  let first = min(tile, params.tiles - 1u) * 16u * params.o4 + c;
  let at = params.first_tile + tile;
  let n = at / (params.tiles_h * params.tiles_w);
  let y = at / params.tiles_w % params.tiles_h * 2u;
  let x = at % params.tiles_w * 2u;

  var above: array<vec4f, 4>; // the two rows of Aᵀ m
  var below: array<vec4f, 4>;
  for (var j = 0u; j < 4u; j++) {
    let m0 = products[first + j * params.o4];
    let m1 = products[first + (4u + j) * params.o4];
    let m2 = products[first + (8u + j) * params.o4];
    let m3 = products[first + (12u + j) * params.o4];
    above[j] = m0 + m1 + m2;
    below[j] = m1 - m2 - m3;
  }
  var b = vec4f();
  if (params.has_bias != 0u) {
    b = bias[c];
  }
  if (channel < params.o4 && tile < params.tiles) {
    let out = ((n * params.oh + y) * params.ow + x) * params.o4 + c;
    let right = x + 1u < params.ow;
    let down = y + 1u < params.oh;
    output[out] = epilogue(above[0] + above[1] + above[2], b, out);
    if (right) {
      let at = out + params.o4;
      output[at] = epilogue(above[1] - above[2] - above[3], b, at);
    }
    if (down) {
      let next = out + params.ow * params.o4;
      output[next] = epilogue(below[0] + below[1] + below[2], b, next);
      if (right) {
        let at = next + params.o4;
        output[at] = epilogue(below[1] - below[2] - below[3], b, at);
      }
    }
  }
}
