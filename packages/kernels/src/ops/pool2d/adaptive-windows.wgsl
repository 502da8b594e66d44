// As many windows as there are outputs, together covering the input: output o takes the elements
// [floor(o * size / count), ceil((o + 1) * size / count)). Neighbours overlap by one element
// where size / count is no integer.

fn window(o: u32, axis: Axis) -> vec2u {
  let first = o * axis.size / axis.count;
  let last = ((o + 1u) * axis.size + axis.count - 1u) / axis.count;
  return vec2u(first, last);
}

fn extent(o: u32, axis: Axis) -> u32 {
  let inside = window(o, axis);
  return inside.y - inside.x;
}

// floor(o * size / count) <= i holds for o * size < (i + 1) * count, and the window's end is beyond
// i for (o + 1) * size > i * count.
fn covering(i: u32, axis: Axis) -> vec2u {
  let first = i * axis.count / axis.size;
  let last = ((i + 1u) * axis.count + axis.size - 1u) / axis.size;
  return vec2u(first, last);
}
