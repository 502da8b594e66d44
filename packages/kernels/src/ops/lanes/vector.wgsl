// Four neighbouring channels an invocation.

alias Element = vec4f;
alias Index = vec4u;
const WIDTH: u32 = 4u; // channels of an Element

// Four indices below 256 in one word, the first channel in the lowest byte.
fn pack(index: Index) -> u32 {
  return dot(index, vec4u(1u, 0x100u, 0x10000u, 0x1000000u));
}

fn unpack(word: u32) -> Index {
  return (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
}

// The sum over the channels of an Element.
fn total(value: Element) -> f32 {
  return dot(value, vec4f(1.0));
}
