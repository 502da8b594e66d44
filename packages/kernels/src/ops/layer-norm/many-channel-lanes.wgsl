// CHANNEL_LANES invocations share a row; each adds their sums up, in the same order.

const CHANNEL_LANES: u32 = 32u;
const ROW_LANES: u32 = 4u;

var<workgroup> tile: array<Element, CHANNEL_LANES * ROW_LANES>;

// The sum over the channel lanes, for all of them. To be called in uniform control flow.
fn share(value: Element, channel_lane: u32, row_lane: u32) -> Element {
  // The tile may still be read for the previous sum.
  workgroupBarrier();
  tile[row_lane * CHANNEL_LANES + channel_lane] = value;
  workgroupBarrier();
  var sum = Element();
  for (var i = 0u; i < CHANNEL_LANES; i++) {
    sum += tile[row_lane * CHANNEL_LANES + i];
  }
  return sum;
}
