// ROW_LANES invocations share a filter; each adds their sums up, in the same order.

const ROW_LANES: u32 = 32u;

var<workgroup> tile: array<Element, ROW_LANES * CHANNEL_LANES>;

// The sum over the row lanes, for all of them. To be called in uniform control flow.
fn share(value: Element, channel_lane: u32, row_lane: u32) -> Element {
  // The tile may still be read for the previous sum.
  workgroupBarrier();
  tile[row_lane * CHANNEL_LANES + channel_lane] = value;
  workgroupBarrier();
  var sum = Element();
  for (var r = 0u; r < ROW_LANES; r++) {
    sum += tile[r * CHANNEL_LANES + channel_lane];
  }
  return sum;
}
