// The parameters of an average pooling, shared by both directions.

struct Params {
  total: u32,         // invocations
  c: u32,             // C / WIDTH
  count_padding: u32, // 1: padding counts as elements
  h: u32, w: u32, oh: u32, ow: u32,
  kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32,
}

// One axis: size elements, count windows.
struct Axis { size: u32, count: u32, kernel: u32, stride: u32, padding: u32, count_padding: u32, }

fn vertical() -> Axis {
  return Axis(params.h, params.oh, params.kh, params.sh, params.ph, params.count_padding);
}

fn horizontal() -> Axis {
  return Axis(params.w, params.ow, params.kw, params.sw, params.pw, params.count_padding);
}
