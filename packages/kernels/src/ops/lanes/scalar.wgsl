// One channel an invocation: for channel counts that do not divide by four.

alias Element = f32;
alias Index = u32;
const WIDTH: u32 = 1u; // channels of an Element

// Four bytes in one word; here the only index has the word to itself.
fn pack(index: Index) -> u32 {
  return index;
}

fn unpack(word: u32) -> Index {
  return word;
}

// The sum over the channels of an Element.
fn total(value: Element) -> f32 {
  return value;
}
