// Plan: units whose weights are computed from parameters take weights in f16: folded and standardised
// in f32, rounded once.

import { noGrad, type Tensor, tensor } from "@fauxgrad/tensor";
import { castWeights, type Module } from "@fauxgrad/tensor/nn";
import { randomFloats } from "@fauxgrad/testing";
import { expect, test } from "../test-gpu.ts";
import { ConvNormRelu } from "./conv-norm.ts";
import { StandardizedConv2d } from "./standardized-conv2d.ts";

interface Unit extends Module {
  forward(input: Tensor): Tensor;
}

const UNITS: Record<string, () => Unit> = {
  "folded batch norm": () => new ConvNormRelu(8, 12, [3, 3]),
  "standardised weights": () => new StandardizedConv2d(8, 12, 3, { padding: "same" }),
};

test.for(Object.entries(UNITS))(
  "weights in f16 are those of f32, rounded: %s",
  async ([, make], { gpu }) => {
    using unit = make().to(gpu, { seed: 3 }).eval().requiresGrad_(false);
    using input = tensor(gpu, randomFloats(200, 1), [1, 5, 5, 8]);
    const run = async () => {
      using output = noGrad(() => unit.forward(input));
      return output.read();
    };
    const wide = await run();
    castWeights(unit, "f16");
    const half = await run();
    expect(half).not.toEqual(wide);
    // Σ|terms| ≤ 72 inputs of at most 1 times weights of at most 4; twice 2⁻¹¹ in the parameter and its
    // cast, and the device's 2⁻¹⁰ in what is computed from it.
    const bound = 72 * 4 * 2 ** -9;
    const worst = Math.max(...half.map((value, i) => Math.abs(value - (wide[i] ?? Number.NaN))));
    expect(worst).toBeLessThan(bound);
    castWeights(unit, "f32");
    expect(Math.max(...(await run()).map((v, i) => Math.abs(v - (half[i] ?? 0))))).toBeLessThan(
      bound,
    );
  },
);
