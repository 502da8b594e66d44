// 1 / (1 + e^-y) of each component, from e^-|y|, which cannot overflow.
fn logistic(y: Element) -> Element {
  let e = exp(-abs(y));
  return select(Element(1.0), e, y < Element()) / (1.0 + e);
}
