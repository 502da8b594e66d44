// ROW_LANES invocations share the rows of their channels; the first adds up, in fixed order.

const ROW_LANES: u32 = 32u;

struct Pair { first: Element, second: Element, }

var<workgroup> tile: array<Pair, ROW_LANES * CHANNEL_LANES>;

// To be called in uniform control flow; meaningful where row_lane is 0.
fn combine(value: Pair, channel_lane: u32, row_lane: u32) -> Pair {
  tile[row_lane * CHANNEL_LANES + channel_lane] = value;
  workgroupBarrier();
  var sum = value;
  if (row_lane == 0u) {
    for (var r = 1u; r < ROW_LANES; r++) {
      let other = tile[r * CHANNEL_LANES + channel_lane];
      sum.first += other.first;
      sum.second += other.second;
    }
  }
  return sum;
}
