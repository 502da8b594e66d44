// output[n, oh, ow, c] = max_{kh, kw} input[n, oh * sh - ph + kh * dh, ow * sw - pw + kw * dw, c]
//
// One invocation computes WIDTH channels of one pixel of output. Only the elements of the window
// inside the input are visited, so that no stand-in for minus infinity is needed; the host has
// refused windows without any. Rows come first, and only a greater value replaces the maximum: the
// first of equals wins. indices keeps its place in the window, kh * KW + kw.

const WORKGROUP: u32 = 64u;

struct Params {
  total: u32, // N * OH * OW * C / WIDTH
  c: u32,     // C / WIDTH
  h: u32, w: u32, oh: u32, ow: u32,
  kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32, dh: u32, dw: u32,
}

@group(0) @binding(0) var<storage, read> input: array<Element>;         // [N, H, W, C / WIDTH]
@group(0) @binding(1) var<storage, read_write> output: array<Element>;  // [N, OH, OW, C / WIDTH]
@group(0) @binding(2) var<storage, read_write> indices: array<u32>;     // [N, OH, OW, C / WIDTH]
@group(0) @binding(3) var<uniform> params: Params;

// The range of k with 0 <= start + k * step < size, cut to [0, count).
fn inside(start: i32, step: u32, count: u32, size: u32) -> vec2u {
  let first = (u32(max(-start, 0)) + step - 1u) / step;
  let last = (u32(max(i32(size) - start, 0)) + step - 1u) / step;
  return vec2u(first, min(last, count));
}

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
  let pixel = i / params.c;
  let x = i32((pixel % params.ow) * params.sw) - i32(params.pw);
  let row = pixel / params.ow;
  let y = i32((row % params.oh) * params.sh) - i32(params.ph);
  let image = row / params.oh * params.h;

  let ys = inside(y, params.dh, params.kh, params.h);
  let xs = inside(x, params.dw, params.kw, params.w);
  let step = params.dw * params.c;
  var best = Element();
  var place = Index();
  var is_first = true;
  for (var kh = ys.x; kh < ys.y; kh++) {
    let line = (image + u32(y + i32(kh * params.dh))) * params.w;
    var at = (line + u32(x + i32(xs.x * params.dw))) * params.c + c;
    for (var kw = xs.x; kw < xs.y; kw++) {
      let value = input[at];
      let here = Index(kh * params.kw + kw);
      place = select(select(place, here, value > best), here, is_first);
      best = select(select(best, value, value > best), value, is_first);
      is_first = false;
      at += step;
    }
  }
  output[i] = best;
  indices[i] = pack(place);
}
