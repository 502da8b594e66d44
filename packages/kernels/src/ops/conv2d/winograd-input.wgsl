// V[tile, t, c] = (Bᵀ d B)[t] of the 4×4 patch d of one tile, four channels an invocation; see
// winograd.ts. Patches overlap by two pixels; pixels outside the source are zero.

const LANES: u32 = 8u;

struct Params {
  tiles: u32, // of this chunk
  first_tile: u32,
  tiles_h: u32,
  tiles_w: u32,
  h: u32,
  w: u32,
  c4: u32, // C / 4
  pad_top: i32,
  pad_left: i32,
}

@group(0) @binding(0) var<storage, read> source: array<vec4f>; // [N, H, W, C]
@group(0) @binding(1) var<storage, read_write> transformed: array<vec4f>; // [tiles, 16, C]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = workgroup.x * LANES + lane;
  let c = min(channel, params.c4 - 1u);
  let tile = workgroup.z * grid.y + workgroup.y;
  let at = min(params.first_tile + tile, params.first_tile + params.tiles - 1u);
  let n = at / (params.tiles_h * params.tiles_w);
  let y0 = i32(at / params.tiles_w % params.tiles_h * 2u) - params.pad_top;
  let x0 = i32(at % params.tiles_w * 2u) - params.pad_left;

  var rows: array<array<vec4f, 4>, 4>; // d B, a row of d each
  for (var i = 0u; i < 4u; i++) {
    let y = y0 + i32(i);
    var d: array<vec4f, 4>;
    for (var j = 0u; j < 4u; j++) {
      let x = x0 + i32(j);
      let inside = y >= 0 && x >= 0 && u32(y) < params.h && u32(x) < params.w;
      let pixel = (n * params.h + u32(y)) * params.w + u32(x);
      d[j] = select(vec4f(), source[select(0u, pixel, inside) * params.c4 + c], inside);
    }
    rows[i][0] = d[0] - d[2];
    rows[i][1] = d[1] + d[2];
    rows[i][2] = d[2] - d[1];
    rows[i][3] = d[1] - d[3];
  }
  if (channel < params.c4 && tile < params.tiles) {
    let out = tile * 16u * params.c4 + c;
    for (var j = 0u; j < 4u; j++) {
      transformed[out + j * params.c4] = rows[0][j] - rows[2][j];
      transformed[out + (4u + j) * params.c4] = rows[1][j] + rows[2][j];
      transformed[out + (8u + j) * params.c4] = rows[2][j] - rows[1][j];
      transformed[out + (12u + j) * params.c4] = rows[1][j] - rows[3][j];
    }
  }
}
