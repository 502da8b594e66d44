// Where an output samples its input, on one axis.
//
// Output o sits at position max((step * o + start) / divisor, 0) of the input. The three integers
// make it exact: which neighbours are meant is no matter of rounding.

struct Params {
  total: u32, // invocations
  c: u32,     // C / WIDTH
  h: u32, w: u32, oh: u32, ow: u32,
  step_h: i32, start_h: i32, divisor_h: i32,
  step_w: i32, start_w: i32, divisor_w: i32,
}

struct Axis { size: u32, count: u32, step: i32, start: i32, divisor: i32, }

// weight of the element after first; that of first is 1 - weight. At the last element both are it.
struct Sample { first: u32, second: u32, weight: f32, }

fn vertical() -> Axis {
  return Axis(params.h, params.oh, params.step_h, params.start_h, params.divisor_h);
}

fn horizontal() -> Axis {
  return Axis(params.w, params.ow, params.step_w, params.start_w, params.divisor_w);
}

fn sample(o: u32, axis: Axis) -> Sample {
  let position = max(axis.step * i32(o) + axis.start, 0);
  let first = position / axis.divisor;
  let weight = f32(position - first * axis.divisor) / f32(axis.divisor);
  return Sample(u32(first), min(u32(first) + 1u, axis.size - 1u), weight);
}

// Outputs that may sample element i: those at positions in (i - 1, i + 1), first and last exclusive.
fn sampling(i: u32, axis: Axis) -> vec2u {
  if (axis.step == 0) {
    return vec2u(0u, axis.count);
  }
  let below = (i32(i) - 1) * axis.divisor - axis.start;
  let above = (i32(i) + 1) * axis.divisor - axis.start;
  // Elements 0 and size - 1 also take what lies beyond them.
  let first = select(max(below / axis.step, 0), 0, i == 0u);
  let last = select(above / axis.step + 1, i32(axis.count), i + 1u == axis.size);
  return vec2u(u32(first), u32(clamp(last, 0, i32(axis.count))));
}

// The weight with which output o takes element i.
fn weight_of(i: u32, o: u32, axis: Axis) -> f32 {
  let at = sample(o, axis);
  return select(0.0, 1.0 - at.weight, at.first == i) + select(0.0, at.weight, at.second == i);
}
