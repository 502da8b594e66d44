import { expect, test } from "vitest";
import { Random } from "../random.ts";
import {
  constant,
  fanInUniform,
  fans,
  gain,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from "./init.ts";

const shape = [64, 32, 5, 3]; // fan-in 480, fan-out 960, 30,720 values

function moments(init: Initializer) {
  const values = init(shape, new Random(1));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, std: Math.sqrt(variance), largest };
}

test("fans are PyTorch's", () => {
  expect(fans(shape)).toEqual({ fanIn: 480, fanOut: 960 });
  expect(fans([10, 7])).toEqual({ fanIn: 7, fanOut: 10 });
  expect(() => fans([7])).toThrow(
    "init: fan-in and fan-out need at least two axes\n  parameter  [7]\n" +
      "Use constant, uniform or normal for vectors.",
  );
});

test("gains are those of torch.nn.init.calculate_gain", () => {
  const names = ["linear", "conv2d", "sigmoid", "tanh", "relu", "leakyRelu", "selu"] as const;
  const expected = [1, 1, 1, 5 / 3, Math.SQRT2, 1.4141428569978354, 0.75];
  expect(names.map((name) => gain(name))).toEqual(expected);
  expect(gain("leakyRelu", Math.sqrt(5))).toBeCloseTo(Math.sqrt(1 / 3), 15);
});

test("normal initialisers have the standard deviation of their formula", () => {
  const cases: [Initializer, number][] = [
    [normal(0, 0.02), 0.02],
    [kaimingNormal(), Math.sqrt(2 / 480)],
    [kaimingNormal({ mode: "fanOut", nonlinearity: "relu" }), Math.sqrt(2 / 960)],
    [kaimingNormal({ nonlinearity: "linear" }), Math.sqrt(1 / 480)],
    [kaimingNormal({ slope: 0.2 }), Math.sqrt(2 / 1.04 / 480)],
    [xavierNormal(), Math.sqrt(2 / 1440)],
    [xavierNormal(3), 3 * Math.sqrt(2 / 1440)],
  ];
  for (const [init, std] of cases) {
    const found = moments(init);
    // Five standard errors: σ/√n of the mean, σ/√2n of the deviation.
    expect(Math.abs(found.mean)).toBeLessThan((5 * std) / Math.sqrt(30_720));
    expect(Math.abs(found.std - std)).toBeLessThan((5 * std) / Math.sqrt(2 * 30_720));
  }
});

test("uniform initialisers reach their bound and not beyond", () => {
  const cases: [Initializer, number][] = [
    [uniform(-3, 3), 3],
    [kaimingUniform(), Math.sqrt(6 / 480)],
    [kaimingUniform({ slope: Math.sqrt(5) }), 1 / Math.sqrt(480)],
    [fanInUniform(480), 1 / Math.sqrt(480)],
    [xavierUniform(), Math.sqrt(6 / 1440)],
  ];
  for (const [init, bound] of cases) {
    const { largest, mean } = moments(init);
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    // The chance that 30,720 values all miss the last thousandth is e^-30.
    expect(largest).toBeGreaterThan(0.999 * bound);
    expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * 30_720));
  }
  expect([...constant(0.5)([3], new Random(0))]).toEqual([0.5, 0.5, 0.5]);
});
