// Windows of equal size at equal distances, on one axis of a padded input.

// Elements of the window of output o that lie inside the input: first, last exclusive.
fn window(o: u32, axis: Axis) -> vec2u {
  let start = i32(o * axis.stride) - i32(axis.padding);
  let end = u32(max(start + i32(axis.kernel), 0));
  return vec2u(u32(max(start, 0)), min(end, axis.size));
}

// What the window of output o counts as its size. Padding is cut at the padded input's end.
fn extent(o: u32, axis: Axis) -> u32 {
  if (axis.count_padding == 0u) {
    let inside = window(o, axis);
    return inside.y - inside.x;
  }
  let start = o * axis.stride;
  return min(start + axis.kernel, axis.size + 2u * axis.padding) - start;
}

// Outputs whose windows hold element i: first, last exclusive.
fn covering(i: u32, axis: Axis) -> vec2u {
  let position = i + axis.padding;
  let reach = axis.kernel - 1u;
  let first = select(0u, (position - reach + axis.stride - 1u) / axis.stride, position > reach);
  return vec2u(first, min(position / axis.stride + 1u, axis.count));
}
