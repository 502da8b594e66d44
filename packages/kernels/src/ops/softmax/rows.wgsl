// Reductions over a row by LANES invocations side by side, ROWS rows in a workgroup.
//
// Every lane adds the partial results of all lanes itself, in their order: one barrier where a tree
// would take log2 LANES. A second one keeps the next reduction from overwriting what others read.

const LANES: u32 = 32u; // invocations of a row
const ROWS: u32 = 2u; // rows of a workgroup

var<workgroup> partial: array<f32, LANES * ROWS>;

fn row_sum(value: f32, place: vec3u) -> f32 {
  partial[place.y * LANES + place.x] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var lane = 0u; lane < LANES; lane++) { sum += partial[place.y * LANES + lane]; }
  workgroupBarrier();
  return sum;
}

fn row_max(value: f32, place: vec3u) -> f32 {
  partial[place.y * LANES + place.x] = value;
  workgroupBarrier();
  var largest = partial[place.y * LANES];
  for (var lane = 1u; lane < LANES; lane++) {
    largest = max(largest, partial[place.y * LANES + lane]);
  }
  workgroupBarrier();
  return largest;
}
