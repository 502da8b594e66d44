import { rgbImage } from "@fauxgrad/models/transforms";
import { describe, expect, test } from "vitest";
import fixture from "./fixtures/spectrum.json" with { type: "json" };
import {
  fitLogistic,
  logisticFromTensors,
  logisticLogit,
  logisticTensors,
  powerSpectrum,
  radialSpectrum,
} from "./index.ts";
import { solveSymmetric } from "./solve-symmetric.ts";

/** As `spectrum.py` makes it. */
function image(size: number) {
  const made = rgbImage(size, size);
  for (let i = 0; i < made.data.length; i += 1) {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / (3 * size))];
    made.data[i] = (7 * x * x + 13 * y * x + 29 * c * (x + y)) % 256;
  }
  return made;
}

describe("the spectrum", () => {
  test("power is numpy's", () => {
    const values = Array.from(image(8).data).filter((_, i) => i % 3 === 0);
    const power = powerSpectrum(values, 8);
    // 64 terms of at most 255: each sum may be off by 64·255·6 roundings of its size.
    const slack = (64 * 255) ** 2 * 2 ** -48;
    for (const [i, expected] of fixture.power.entries()) {
      expect(Math.abs(power[i]! - expected)).toBeLessThan(slack + 1e-11 * expected);
    }
    expect(power).toHaveLength(fixture.power.length);
  });

  test.each(["16", "128"] as const)("rings of an image of %s pixels are numpy's", (size) => {
    const rings = radialSpectrum(image(Number(size)));
    const expected = fixture.radial[size];
    expect(rings).toHaveLength(expected.length);
    // Luma is in float32 on both sides; a power's relative error is that of float64 sums.
    for (const [i, value] of expected.entries()) expect(rings[i]).toBeCloseTo(value, 9);
  });

  test("a flat image has the power of rounding, a wave of one frequency one ring", () => {
    const flat = rgbImage(32, 32);
    flat.data.fill(77);
    for (const value of radialSpectrum(flat)) expect(value).toBeCloseTo(Math.log(1 / 12), 6);
    for (let i = 0; i < flat.data.length; i += 1) {
      const x = Math.floor(i / 3) % 32;
      flat.data[i] = Math.round(128 + 100 * Math.cos((2 * Math.PI * 5 * x) / 32));
    }
    const wave = radialSpectrum(flat);
    expect(wave.indexOf(Math.max(...wave))).toBe(4);
    expect(wave[4]! - wave[9]!).toBeGreaterThan(5);
  });

  test("what is no square of a power of two is refused", () => {
    expect(() => radialSpectrum(rgbImage(96, 96))).toThrow(
      "radialSpectrum: an image of 96 x 96\nPass a square whose side is a power of two.",
    );
    expect(() => radialSpectrum(rgbImage(64, 32))).toThrow(/of 64 x 32/);
    expect(() => powerSpectrum([1, 2, 3], 2)).toThrow(
      "powerSpectrum: 3 values, size 2\nPass a square whose side is a power of two.",
    );
  });
});

describe("logistic regression", () => {
  test.each(fixture.logistic)("finds scikit-learn's minimum, C = $strength", (given) => {
    const { rows, labels, strength } = given;
    const model = fitLogistic(rows, labels, { inverseStrength: strength });
    // Its L-BFGS stops earlier: to about the root of what is left of the objective.
    for (const [j, weight] of given.weight.entries())
      expect(model.weight[j]).toBeCloseTo(weight, 4);
    expect(model.bias).toBeCloseTo(given.bias, 4);
    for (const [i, logit] of given.logits.entries()) {
      expect(logisticLogit(model, rows[i]!)).toBeCloseTo(logit, 3);
    }
    for (const slope of gradient(given, model.weight, model.bias)) {
      expect(Math.abs(slope)).toBeLessThan(1e-7 * strength * rows.length);
    }
  });

  test("a column that is constant changes nothing", () => {
    const { rows, labels } = fixture.logistic[0]!;
    const plain = fitLogistic(rows, labels);
    const wider = fitLogistic(
      rows.map((row) => [...row, 1e6 + 0.1]),
      labels,
    );
    expect(wider.weight[3]).toBeCloseTo(0, 12);
    for (let j = 0; j < 3; j += 1) expect(wider.weight[j]).toBeCloseTo(plain.weight[j]!, 9);
  });

  test("refuses what cannot be fitted", () => {
    expect(() => fitLogistic([[1], [2]], [1, 1])).toThrow(
      "fitLogistic: 0 real and 2 fake images\nPass both classes.",
    );
    expect(() => fitLogistic([[1], [1, 2]], [0, 1])).toThrow(
      "fitLogistic: row 1 has 2 features, row 0 has 1\n" +
        "Pass as many features for each image, one at least.",
    );
    expect(() => fitLogistic([[1], [Number.NaN]], [0, 1])).toThrow(
      "fitLogistic: row 1 holds values that are no finite numbers",
    );
    expect(() => fitLogistic([[1], [2]], [0, 1], { inverseStrength: 0 })).toThrow(
      "fitLogistic: inverseStrength is 0\nPass a positive number, e.g. 1.",
    );
    expect(() => fitLogistic([[1], [2]], [0])).toThrow("fitLogistic: 1 labels, but 2 scores\n");
    const model = fitLogistic([[1], [2]], [0, 1]);
    expect(() => logisticLogit(model, [1, 2])).toThrow(
      "logisticLogit: 2 features, the model has 1\nPass features as the model was fitted to.",
    );
  });

  test("the solver solves, and refuses what is not positive definite", () => {
    const [x, y] = solveSymmetric(Float64Array.of(4, 0, 2, 3), Float64Array.of(2, 5));
    expect(4 * x! + 2 * y!).toBeCloseTo(2, 12);
    expect(2 * x! + 3 * y!).toBeCloseTo(5, 12);
    expect(() => solveSymmetric(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1))).toThrow(
      "solveSymmetric: the matrix is not positive definite, row 1",
    );
  });
});

test("a model goes through a file's tensors, and others are refused", () => {
  // All values are float32's.
  const model = {
    mean: Float64Array.of(1, 2),
    scale: Float64Array.of(1, 0.5),
    weight: Float64Array.of(0.5, -1),
    bias: 0.75,
  };
  expect(logisticFromTensors(logisticTensors(model), 2)).toEqual(model);
  expect(() => logisticFromTensors(logisticTensors(model), 3)).toThrow(
    /mis-shaped \(3 of 4\)\n {4}mean {2}file \[2\], model \[3\]/,
  );
  expect(() => logisticFromTensors(new Map(), 2)).toThrow(/missing \(4 of 4\)/);
});

/** Of the objective, by its definition, over the fixture's standardised columns. */
function gradient(
  { rows, labels, strength }: (typeof fixture.logistic)[number],
  weight: Float64Array,
  bias: number,
): number[] {
  const columns = rows[0]!.map((_, j) => rows.map((row) => row[j]!));
  const standard = columns.map((column) => {
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
    return column.map((value) => (variance < 1e-20 ? 0 : (value - mean) / Math.sqrt(variance)));
  });
  const errors = rows.map((_, i) => {
    const z = standard.reduce((sum, column, j) => sum + weight[j]! * column[i]!, bias);
    return strength * (1 / (1 + Math.exp(-z)) - labels[i]!);
  });
  const byWeight = standard.map(
    (column, j) => weight[j]! + column.reduce((sum, value, i) => sum + value * errors[i]!, 0),
  );
  return [...byWeight, errors.reduce((sum, value) => sum + value, 0)];
}
