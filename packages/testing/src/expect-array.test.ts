import { describe, test } from "vitest";
import { expect, type Reference } from "./expect-array.ts";

const ONE_ROUNDING = { terms: 1 };

function referenceOf(data: number[], magnitude?: number[]): Reference {
  const shape = [2, data.length / 2];
  const reference = { data: Float64Array.from(data), shape };
  return magnitude === undefined
    ? reference
    : { ...reference, magnitude: Float64Array.from(magnitude) };
}

function messageOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the check passed");
}

describe("values", () => {
  test("the nearest f32 of every reference value matches with one term", () => {
    const data = [1 / 3, -2 / 3, 1e-30, 1e30, 0, Math.PI];
    expect(Float32Array.from(data)).toMatchReference(referenceOf(data), ONE_ROUNDING);
  });

  test("the bound lies where the formula puts it", () => {
    const reference = referenceOf([1, 1]);
    const bound = 5 * 2 ** -24;
    expect([1 + bound, 1 - bound]).toMatchReference(reference, { terms: 5 });
    expect([1 + bound * 1.001, 1]).not.toMatchReference(reference, { terms: 5 });
    expect([1, 1 - bound * 1.001]).not.toMatchReference(reference, { terms: 5 });
  });

  test("magnitude widens the bound where a sum cancels", () => {
    const cancelled = [1e-7, 0];
    const off = [1e-7 + 3e-7, 3e-7];
    expect(off).toMatchReference(referenceOf(cancelled, [8, 8]), ONE_ROUNDING);
    expect(off).not.toMatchReference(referenceOf(cancelled), ONE_ROUNDING);
  });

  test("ulps are granted beside the terms", () => {
    const reference = referenceOf([1, 2]);
    expect([1 + 3 * 2 ** -23, 2]).toMatchReference(reference, { terms: 0, ulps: 3 });
    expect([1 + 4 * 2 ** -23, 2]).not.toMatchReference(reference, { terms: 0, ulps: 3 });
  });

  test("a value below the smallest normal may be flushed, an ordinary one may not", () => {
    expect([0, 1]).toMatchReference(referenceOf([2 ** -127, 1]), ONE_ROUNDING);
    expect([0, 1]).not.toMatchReference(referenceOf([2 ** -120, 1]), ONE_ROUNDING);
  });
});

describe("what is no number", () => {
  test("NaN where a number is expected never matches, however wide the bound", () => {
    const wide = referenceOf([1, 1], [Infinity, 1e300]);
    expect([Number.NaN, 1]).not.toMatchReference(wide, ONE_ROUNDING);
    expect([1, Number.NaN]).not.toMatchReference(wide, ONE_ROUNDING);
  });

  test("a number where NaN is expected does not match, NaN does", () => {
    const reference = referenceOf([Number.NaN, 1]);
    expect([0, 1]).not.toMatchReference(reference, ONE_ROUNDING);
    expect([Number.NaN, 1]).toMatchReference(reference, ONE_ROUNDING);
  });

  test("an infinity matches itself and what f32 cannot hold", () => {
    const reference = referenceOf([Infinity, 1e39]);
    expect([Infinity, Infinity]).toMatchReference(reference, ONE_ROUNDING);
    expect([-Infinity, Infinity]).not.toMatchReference(reference, ONE_ROUNDING);
    expect([3e38, Infinity]).not.toMatchReference(reference, ONE_ROUNDING);
    expect([Infinity, 1]).not.toMatchReference(referenceOf([1e30, 1]), ONE_ROUNDING);
  });

  test("an infinite magnitude lets nothing wrong pass", () => {
    expect([2, 1]).not.toMatchReference(referenceOf([1, 1], [Infinity, 1]), ONE_ROUNDING);
  });
});

describe("messages", () => {
  test("the worst element, its coordinates and its neighbours are printed", () => {
    const actual = [1, 2.5, 3, 4, 5, 6.001];
    const message = messageOf(() =>
      expect(actual).toMatchReference(referenceOf([1, 2, 3, 4, 5, 6]), ONE_ROUNDING),
    );
    expect(message).toBe(`2 of 6 elements of [2, 3] differ; worst at [0, 1]
   element      actual    expected    error    bound
    [0, 0]  1.00000000  1.00000000  0.00e+0  5.96e-8
>   [0, 1]  2.50000000  2.00000000  5.00e-1  1.19e-7
    [0, 2]  3.00000000  3.00000000  0.00e+0  1.79e-7
    [1, 0]  4.00000000  4.00000000  0.00e+0  2.38e-7
    [1, 1]  5.00000000  5.00000000  0.00e+0  2.98e-7`);
  });

  test("a match where a difference was wanted is told as such", () => {
    const same = () => expect([1, 2]).not.toMatchReference(referenceOf([1, 2]), ONE_ROUNDING);
    expect(same).toThrow("expected a difference, but all of [2, 1] match");
  });

  test("operands that do not fit are an error, negated or not", () => {
    const reference = referenceOf([1, 2]);
    const message = "toMatchReference: actual has 1 elements, the reference [2, 1] 2";
    expect(() => expect([1]).toMatchReference(reference, ONE_ROUNDING)).toThrow(message);
    expect(() => expect([1]).not.toMatchReference(reference, ONE_ROUNDING)).toThrow(message);
    expect(() =>
      expect([1, 2]).toMatchReference({ ...reference, shape: [3] }, ONE_ROUNDING),
    ).toThrow("toMatchReference: the reference has 2 elements, its shape [3] 3");
    expect(() => expect([1, 2]).toMatchReference(referenceOf([1, 2], [1]), ONE_ROUNDING)).toThrow(
      "toMatchReference: the reference has 2 elements, its magnitude 1",
    );
    expect(() => expect([1, 2]).toMatchReference(reference, { terms: Number.NaN })).toThrow(
      "toMatchReference: terms = NaN and ulps = 0 must be ≥ 0",
    );
  });
});
