// output[n, y, x, c] = sum_{a, b} f[a, b] * z[n, y * down_h + a, x * DOWN + b, c]
//
// z is the input with UP - 1 zeros after each element and zeros around it:
// z[i * UP + pad_left] = input[i].
//
// One invocation computes WIDTH channels of TW neighbouring columns of one row of output. Only taps
// that meet an element of the input are visited. Vertically they are found by their remainder
// modulo up_h; horizontally the pattern repeats after TW columns and is known when the kernel is
// compiled: column x0 + t under tap b sits at z-position UP * first + PHASE + t * DOWN + b.

const WORKGROUP: u32 = 64u;
const KW: u32 = 4u;
const UP: u32 = 2u;
const DOWN: u32 = 1u;
const PHASE: u32 = 0u; // -pad_left modulo UP
const TW: u32 = 4u;    // columns of output of one invocation; UP divides TW * DOWN
const COLUMNS: u32 = (PHASE + (TW - 1u) * DOWN + KW - 1u) / UP + 1u;

struct Params {
  total: u32, // N * OH * ceil(OW / TW) * C / WIDTH
  c: u32,     // C / WIDTH
  h: u32, w: u32, oh: u32, ow: u32,
  kh: u32, up_h: u32, down_h: u32,
  pad_top: i32,
  first: i32, // floor(-pad_left / UP)
  flip: u32,  // 1: f is kernel turned by 180 degrees
}

@group(0) @binding(0) var<storage, read> input: array<Element>;        // [N, H, W, C / WIDTH]
@group(0) @binding(1) var<storage, read> kernel: array<f32>;           // [KH, KW]
@group(0) @binding(2) var<storage, read_write> output: array<Element>; // [N, OH, OW, C / WIDTH]
@group(0) @binding(3) var<uniform> params: Params;

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
  let c = i % params.c;
  let blocks = (params.ow + TW - 1u) / TW;
  let block = i / params.c % blocks;
  let row = i / params.c / blocks; // n * OH + y
  let image = row / params.oh * params.h;
  let left = params.first + i32(block * (TW * DOWN / UP));
  // Tap a meets an element where up_h divides top + a.
  let up = i32(params.up_h);
  let top = i32(row % params.oh * params.down_h) - params.pad_top;
  var acc: array<Element, TW>;
  for (var a = (up - top % up) % up; a < i32(params.kh); a += up) {
    let y = (top + a) / up;
    if (top + a < 0 || y >= i32(params.h)) {
      continue;
    }
    var f: array<f32, KW>;
    for (var b = 0u; b < KW; b++) {
      let at = u32(a) * KW + b;
      f[b] = kernel[select(at, params.kh * KW - 1u - at, params.flip == 1u)];
    }
    let line = (image + u32(y)) * params.w;
    var columns: array<Element, COLUMNS>;
    for (var j = 0u; j < COLUMNS; j++) {
      let x = left + i32(j);
      let inside = x >= 0 && x < i32(params.w);
      let at = (line + u32(clamp(x, 0, i32(params.w) - 1))) * params.c + c;
      columns[j] = select(Element(), input[at], inside);
    }
    for (var t = 0u; t < TW; t++) {
      for (var b = 0u; b < KW; b++) {
        let position = PHASE + t * DOWN + b;
        if (position % UP == 0u) {
          acc[t] += f[b] * columns[position / UP];
        }
      }
    }
  }
  let x0 = block * TW;
  for (var t = 0u; t < TW; t++) {
    if (x0 + t < params.ow) {
      output[(row * params.ow + x0 + t) * params.c + c] = acc[t];
    }
  }
}
