import { expect, test } from "vitest";
import { BatchSampler } from "./batch-sampler.ts";
import { epochBatches, epochOrder } from "./epoch-order.ts";
import { randomFor } from "./random-for.ts";

const LABELS = Uint8Array.from({ length: 23 }, (_, i) => (i < 19 ? 0 : 1));
const sorted = (values: Uint32Array) => [...values].sort((a, b) => a - b);
const all = [...LABELS.keys()];

test("a shuffled epoch holds every image once, in an order of its own", () => {
  const first = epochOrder(LABELS, "shuffle", { seed: 1, epoch: 0 });
  const second = epochOrder(LABELS, "shuffle", { seed: 1, epoch: 1 });
  const other = epochOrder(LABELS, "shuffle", { seed: 2, epoch: 0 });
  for (const order of [first, second, other]) expect(sorted(order)).toEqual(all);
  expect([...first]).not.toEqual([...second]);
  expect([...first]).not.toEqual([...other]);
  expect([...first]).not.toEqual(all);
  expect(epochOrder(LABELS, "shuffle", { seed: 1, epoch: 0 })).toEqual(first);
});

test("a serial epoch is the list", () => {
  expect([...epochOrder(LABELS, "serial", { seed: 1, epoch: 3 })]).toEqual(all);
});

test("a balanced epoch draws both classes equally often, and images evenly within them", () => {
  const drawn = new Float64Array(LABELS.length);
  const epochs = 400;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const order = epochOrder(LABELS, "balanced", { seed: 7, epoch });
    expect(order).toHaveLength(LABELS.length);
    for (const index of order) drawn[index] = drawn[index]! + 1;
  }
  const draws = epochs * LABELS.length;
  // Five standard deviations of a binomial count.
  const bound = (share: number) => 5 * Math.sqrt(draws * share * (1 - share));
  const fakes = drawn.subarray(19).reduce((sum, count) => sum + count, 0);
  expect(Math.abs(fakes - draws / 2)).toBeLessThan(bound(1 / 2));
  for (const [i, count] of drawn.entries()) {
    const share = LABELS[i] === 0 ? 1 / 38 : 1 / 8;
    expect(Math.abs(count - draws * share)).toBeLessThan(bound(share));
  }
});

test("a balanced epoch of one class draws from it", () => {
  const order = epochOrder([1, 1], "balanced", { seed: 1, epoch: 0 });
  expect([...order].every((index) => index < 2)).toBe(true);
  expect(epochOrder([], "balanced", { seed: 1, epoch: 0 })).toHaveLength(0);
});

test("the last partial batch is kept, or dropped on demand", () => {
  const order = epochOrder(LABELS, "serial", { seed: 0, epoch: 0 });
  expect(epochBatches(order, 8).map((batch) => batch.length)).toEqual([8, 8, 7]);
  expect(epochBatches(order, 8, { dropLast: true }).map((batch) => [...batch])).toEqual([
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14, 15],
  ]);
  expect(epochBatches(order, 23)).toHaveLength(1);
  expect(() => epochBatches(order, 2.5)).toThrow(
    "epochBatches: batchSize is 2.5\nPass a whole number of images, at least 1.",
  );
});

test("a resumed run draws the batches of an uninterrupted one", () => {
  const options = { batchSize: 8, seed: 4 };
  const whole = new BatchSampler(LABELS, options);
  const expected = Array.from({ length: 9 }, (_, step) => [...whole.at(step).indices]);

  const saved = JSON.parse(JSON.stringify(whole.state(4)));
  const resumed = new BatchSampler(LABELS, options);
  const from = resumed.resume(saved);
  expect(from).toBe(4);
  for (let step = from; step < 9; step += 1) {
    expect([...resumed.at(step).indices]).toEqual(expected[step]);
  }
});

test("batches know their place", () => {
  const sampler = new BatchSampler(LABELS, { batchSize: 8, seed: 4 });
  expect(sampler.batchesPerEpoch).toBe(3);
  expect(sampler.at(5)).toMatchObject({
    step: 5,
    epoch: 1,
    batch: 2,
    position: 16,
    endsEpoch: true,
  });
  expect(sampler.at(6)).toMatchObject({
    step: 6,
    epoch: 2,
    batch: 0,
    position: 0,
    endsEpoch: false,
  });
  // Prefetching across an epoch's end and coming back gives the same batch.
  expect(sampler.at(5).indices).toEqual(
    new BatchSampler(LABELS, { batchSize: 8, seed: 4 }).at(5).indices,
  );
});

test("refuses to resume with other data or options, and says which", () => {
  const saved = new BatchSampler(LABELS, { batchSize: 8, seed: 4 }).state(4);
  const fewer = new BatchSampler(LABELS.subarray(1), { batchSize: 8, seed: 5 });
  expect(() => fewer.resume(saved)).toThrow(
    /^BatchSampler: the checkpoint was made with other data or options\n {2}images {7}23 in the checkpoint, 22 here\n {2}fingerprint {2}\d+ in the checkpoint, \d+ here\n {2}seed {9}4 in the checkpoint, 5 here\nResume with the same images and options, or begin a new run from its weights\.$/,
  );
});

test("refuses an epoch without a batch", () => {
  expect(() => new BatchSampler(LABELS, { batchSize: 24, seed: 1, dropLast: true })).toThrow(
    "BatchSampler: 23 images make no batch\n  batchSize  24\n  dropLast   true\n" +
      "Add images, choose a smaller batch, or keep the last partial batch.",
  );
});

test("every purpose has a stream of its own", () => {
  const draw = (...keys: (string | number)[]) => randomFor(1, ...keys).uniform();
  const draws = [
    draw("a", 1),
    draw("a", 2),
    draw("b", 1),
    draw("a"),
    randomFor(2, "a", 1).uniform(),
  ];
  expect(new Set(draws).size).toBe(draws.length);
  expect(draw("a", 1)).toBe(draws[0]);
});
