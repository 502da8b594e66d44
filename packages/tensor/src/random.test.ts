import { expect, test } from "vitest";
import { Random } from "./random.ts";

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);

test("xoshiro128** gives the published algorithm's sequence", () => {
  // From the authors' C code with state {1, 2, 3, 4}.
  const random = Random.from([1, 2, 3, 4]);
  expect(draw(6, () => random.bits())).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492,
  ]);
});

test("a seed and a stream fix the sequence; others give others", () => {
  const first = (seed: number, stream?: string) => new Random(seed, stream).bits();
  expect(first(7)).toBe(first(7));
  const seeds = [0, 1, 2, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1].map((seed) => first(seed));
  const streams = ["a", "b", "ab", "ba"].map((stream) => first(0, stream));
  expect(new Set([...seeds, ...streams]).size).toBe(11);
});

test("a state continues where it was taken", () => {
  const random = new Random(3);
  random.normal();
  const resumed = Random.from(random.state);
  expect(draw(5, () => resumed.bits())).toEqual(draw(5, () => random.bits()));
});

test("uniform and normal have the moments they should", () => {
  const count = 100_000;
  const random = new Random(11);
  const moments = (values: number[], power: number) =>
    values.reduce((sum, value) => sum + value ** power, 0) / count;
  const uniform = draw(count, () => random.uniform());
  expect(Math.min(...uniform.slice(0, 1000))).toBeGreaterThanOrEqual(0);
  // Five standard errors of each mean.
  const within = (actual: number, expected: number, variance: number) =>
    expect(Math.abs(actual - expected)).toBeLessThan(5 * Math.sqrt(variance / count));
  within(moments(uniform, 1), 1 / 2, 1 / 12);
  within(moments(uniform, 2), 1 / 3, 4 / 45);
  const normal = draw(count, () => random.normal());
  within(moments(normal, 1), 0, 1);
  within(moments(normal, 2), 1, 2);
  within(moments(normal, 3), 0, 15);
  within(moments(normal, 4), 3, 96);
});

test("the normal values are those of the polar method in exact logarithms", () => {
  const random = new Random(5);
  const points = Random.from(random.state);
  for (let i = 0; i < 1000; i++) {
    let [x, y, square] = [0, 0, 2];
    while (square >= 1) {
      [x, y] = [2 * points.uniform() - 1, 2 * points.uniform() - 1];
      square = x * x + y * y;
    }
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    // Each side errs by a few units in the last place.
    const pair = [0, 0];
    random.fillNormal(pair);
    expect(Math.abs(pair[0]! - x * factor)).toBeLessThan(8 * 2 ** -52 * Math.abs(x * factor));
    expect(Math.abs(pair[1]! - y * factor)).toBeLessThan(8 * 2 ** -52 * Math.abs(y * factor));
  }
});

test("integers cover their range evenly; shuffles are permutations", () => {
  const random = new Random(2);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.integer(7)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  const shuffled = random.shuffle([...Array(50).keys()]);
  expect(shuffled).not.toEqual([...Array(50).keys()]);
  expect(shuffled.sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
});
