import { randomFloats } from "@fauxgrad/testing";
import { expect as expectValue, test as plainTest } from "vitest";
import { expect, test } from "../../test-gpu.ts";
import { dropout, dropPath } from "./dropout.ts";
import { normal, philoxBits, uniform } from "./random.ts";
import { normalReference, philoxReference, uniformReference, wordsReference } from "./reference.ts";

/** Random123's kat_vectors, philox4x32 with 10 rounds. */
const VECTORS = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

test("the device gives the published words", async ({ gpu }) => {
  for (const { counter, key, words } of VECTORS) {
    using bits = philoxBits(gpu, 1, counter, key);
    expect([...new Uint32Array(await gpu.read(bits))]).toEqual(words);
  }
});

plainTest("so does the reference", () => {
  for (const { counter, key, words } of VECTORS) {
    expectValue(philoxReference(counter, key)).toEqual(words);
  }
});

test("uniform and normal values match the reference by place, seed and offset", async ({ gpu }) => {
  const seed = 2 ** 40 + 12345;
  for (const [count, offset] of [
    [1, 0],
    [5, 1],
    [1028, 2 ** 33 + 7],
  ] as const) {
    using u = uniform(gpu, [count], { seed, offset });
    expect([...(await u.read())]).toEqual([...uniformReference(count, seed, offset)]);
    using z = normal(gpu, [count], { seed, offset });
    const data = normalReference(Math.ceil(count / 4) * 4, seed, offset).subarray(0, count);
    // WGSL grants cos and sin 2⁻¹¹ absolute, log 2⁻²¹ near 1: radii up to 6 magnify both. What the
    // software adapter does is better than a twentieth of that.
    const magnitude = data.map(() => 2 ** 13 / 20);
    const close = { data, magnitude, shape: [count] };
    expect(await z.read()).toMatchReference(close, { terms: 6 });
    // Control: another offset.
    const other = uniformReference(count, seed, offset + 1);
    expect([...(await u.read())]).not.toEqual([...other]);
  }
});

test("values lie in their interval, with the moments of their distribution", async ({ gpu }) => {
  const count = 40_000;
  using u = uniform(gpu, [count], { seed: 1, low: -2, high: 3 });
  using z = normal(gpu, [count], { seed: 2, mean: 1, std: 0.5 });
  const inInterval = (await u.read()).every((value) => value >= -2 && value < 3);
  expect(inInterval).toBe(true);
  for (const [values, mean, deviation] of [
    [await u.read(), 0.5, 5 / Math.sqrt(12)],
    [await z.read(), 1, 0.5],
  ] as const) {
    const average = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / count;
    // Five standard errors.
    expect(Math.abs(average - mean)).toBeLessThan((5 * deviation) / Math.sqrt(count));
    expect(Math.abs(Math.sqrt(variance) - deviation)).toBeLessThan(
      (5 * deviation) / Math.sqrt(count),
    );
  }
});

test("dropout keeps what its words say, scaled, and its gradient has the same mask", async ({
  gpu,
}) => {
  const p = 0.3;
  for (const count of [1, 6, 1027]) {
    const x = randomFloats(count, 1).map((value) => value + 2);
    const words = wordsReference(count, 9, 4);
    const data = Float64Array.from(x, (value, i) =>
      words[i]! / 2 ** 32 >= p ? value / (1 - p) : 0,
    );
    using input = gpu.upload(x, [count]);
    using output = dropout(gpu, input, p, { seed: 9, offset: 4 });
    expect(await output.read()).toMatchReference({ data, shape: [count] }, { terms: 2 });
    using gradOutput = gpu.upload(new Float32Array(count).fill(1), [count]);
    using gradInput = dropout(gpu, gradOutput, p, { seed: 9, offset: 4 });
    const kept = [...(await gradInput.read())].map((value) => value !== 0);
    expect(kept).toEqual([...data].map((value) => value !== 0));
  }
});

test("dropout of nothing is the identity, of everything zero", async ({ gpu }) => {
  const x = randomFloats(100, 2);
  using input = gpu.upload(x, [100]);
  using same = dropout(gpu, input, 0, { seed: 1 });
  using none = dropout(gpu, input, 1, { seed: 1 });
  expect(await same.read()).toEqual(x);
  expect((await none.read()).every((value) => value === 0)).toBe(true);
});

test("dropPath drops whole samples", async ({ gpu }) => {
  const shape = [9, 2, 5];
  const x = randomFloats(90, 3).map((value) => value + 2);
  using input = gpu.upload(x, shape);
  using output = dropPath(gpu, input, 0.5, { seed: 5, offset: 6 });
  const words = wordsReference(9, 5, 6);
  const kept = words.map((word) => word >= 2 ** 31);
  expect(new Set(kept).size).toBe(2);
  const data = Float64Array.from(x, (value, i) => (kept[Math.floor(i / 10)] ? 2 * value : 0));
  expect(output.shape).toEqual(shape);
  expect(await output.read()).toMatchReference({ data, shape }, { terms: 1 });
});

test("parts of a batch have the masks of the whole one", async ({ gpu }) => {
  // Samples of 5 and 1 elements begin anywhere in a vector of four words; those of 8 do not.
  for (const width of [1, 5, 8]) {
    const x = randomFloats(11 * width, 4).map((value) => value + 2);
    for (const drop of [dropout, dropPath]) {
      using input = gpu.upload(x, [11, width]);
      using whole = drop(gpu, input, 0.4, { seed: 5, offset: 6 });
      const expected = await whole.read();
      expect(expected).not.toEqual(x.map((value) => value / 0.6));
      for (const [begin, end] of [
        [0, 3],
        [3, 7],
        [7, 8],
        [8, 11],
      ] as const) {
        using part = gpu.upload(x.slice(begin * width, end * width), [end - begin, width]);
        using output = drop(gpu, part, 0.4, { seed: 5, offset: 6, firstSample: begin });
        expect(await output.read()).toEqual(expected.slice(begin * width, end * width));
      }
    }
  }
});

test("seeds, offsets and probabilities out of range are refused", ({ gpu }) => {
  using x = gpu.zeros([2]);
  expect(() => uniform(gpu, [2], { seed: 0.5 })).toThrow(
    "random: seed = 0.5\nPass an integer in [0, 2^53).",
  );
  expect(() => dropout(gpu, x, 0.5, { seed: 1, offset: -1 })).toThrow("random: offset = -1");
  expect(() => dropout(gpu, x, 1.5, { seed: 1 })).toThrow(
    "dropout: p = 1.5 is not a probability\nPass a number in [0, 1].",
  );
  expect(() => dropout(gpu, x, 0.5, { seed: 1, firstSample: 0.5 })).toThrow(
    "dropout: firstSample = 0.5\n  sample  1 elements\n" +
      "Pass an integer from 0, below 2^32 elements in all.",
  );
});
