// U channels one by one, behind source-scalar*.wgsl: any number of channels.
fn source_run(element: u32, valid: bool) -> array<f32, U> {
  var run: array<f32, U>;
  for (var u = 0u; u < U; u++) {
    run[u] = select(0.0, source1(element + u), valid);
  }
  return run;
}
