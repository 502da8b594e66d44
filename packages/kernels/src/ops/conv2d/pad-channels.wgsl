// output[row, o] = input[row, o], zero for o >= C: rows padded to a multiple of four channels.

struct Params { rows: u32, c: u32, pitch: u32, }

@group(0) @binding(0) var<storage, read> input: array<f32>; // [rows, C]
@group(0) @binding(1) var<storage, read_write> output: array<f32>; // [rows, pitch]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
  if (index >= params.rows * params.pitch) {
    return;
  }
  let row = index / params.pitch;
  let column = index % params.pitch;
  output[index] = select(0.0, input[row * params.c + min(column, params.c - 1u)], column < params.c);
}
