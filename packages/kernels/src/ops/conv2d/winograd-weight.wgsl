// U[c, t, o] = (G g Gᵀ)[t] of the 3×3 kernel g = weight[:, :, c, o], t = 0 … 15 row-major;
// see winograd.ts. For the data gradient, the kernel is turned by 180° and channels change roles.

const TRANSPOSE: bool = false;

struct Params {
  inputs: u32, // channels the sum runs over
  outputs: u32,
}

@group(0) @binding(0) var<storage, read> weight: array<f32>; // [3, 3, inputs, outputs], or transposed
@group(0) @binding(1) var<storage, read_write> transformed: array<f32>; // [inputs, 16, outputs]
@group(0) @binding(2) var<uniform> params: Params;

// G v for G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1].
fn spread(v: vec3f) -> vec4f {
  let outer = 0.5 * (v.x + v.z);
  return vec4f(v.x, outer + 0.5 * v.y, outer - 0.5 * v.y, v.z);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
  if (index >= params.inputs * params.outputs) {
    return;
  }
  let o = index % params.outputs;
  let c = index / params.outputs;
  var columns: array<vec4f, 3>; // G g, a column of g each
  for (var kw = 0u; kw < 3u; kw++) {
    var column: vec3f;
    for (var kh = 0u; kh < 3u; kh++) {
      var at = ((kh * 3u + kw) * params.inputs + c) * params.outputs + o;
      if (TRANSPOSE) {
        at = ((8u - kh * 3u - kw) * params.outputs + o) * params.inputs + c;
      }
      column[kh] = weight[at];
    }
    columns[kw] = spread(column);
  }
  for (var row = 0u; row < 4u; row++) {
    let values = spread(vec3f(columns[0][row], columns[1][row], columns[2][row]));
    for (var i = 0u; i < 4u; i++) {
      transformed[(c * 16u + row * 4u + i) * params.outputs + o] = values[i];
    }
  }
}
