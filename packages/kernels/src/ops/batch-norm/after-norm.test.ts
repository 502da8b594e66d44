// Plan: what follows a batch normalisation in its pass, forth and back, in both families.

import { dot, numericalGradient, randomFloats } from "@fauxgrad/testing";
import { describe } from "vitest";
import { Gpu } from "../../gpu/gpu.ts";
import { numel, type Shape } from "../../shape.ts";
import { expect, test } from "../../test-gpu.ts";
import { gradientMagnitudes } from "../channel-norm/reference.ts";
import {
  batchNormEval,
  batchNormGeometry,
  batchNormGradients,
  batchNormTrain,
} from "./batch-norm.ts";
import * as reference from "./reference.ts";

const EPS = 1e-5;

// Rows on both sides of a block of 32 and of a slab; vectors of channels and single ones.
const CASES: readonly { readonly shape: Shape }[] = [
  { shape: [2, 3, 2, 8] },
  { shape: [1, 33, 1, 5] },
];

function operandsOf(shape: Shape) {
  const channels = shape.at(-1)!;
  return {
    x: randomFloats(numel(shape), 41),
    g: randomFloats(numel(shape), 42),
    weight: randomFloats(channels, 43),
    bias: randomFloats(channels, 44),
    runningMean: randomFloats(channels, 45),
    runningVar: randomFloats(channels, 46).map((value) => value + 1.5),
  };
}

describe.each(["registers", "tiled"] as const)("on kernels: %s", (kernels) => {
  test.for(CASES)(
    "a ReLU's mask is taken in the gradients' passes: $shape",
    async ({ shape }, { device }) => {
      const gpu = new Gpu(device, { kernels });
      const { x, g, weight, bias } = operandsOf(shape);
      const channels = shape.at(-1)!;
      const vector = [channels];
      const shapes = { input: shape, weight: vector, bias: vector };
      const none = { runningMean: null, runningVar: null };
      const geometry = batchNormGeometry({ ...shapes, ...none }, { training: true, eps: EPS });
      const input = gpu.upload(x, shape);
      const affine = { weight: gpu.upload(weight, vector), bias: gpu.upload(bias, vector) };
      const after = { activation: "relu" } as const;
      const { output, moments } = batchNormTrain(gpu, input, affine, geometry, after);
      const gradients = batchNormGradients(
        gpu,
        gpu.upload(g, shape),
        input,
        moments,
        affine.weight,
        geometry,
        { training: true, needs: { input: true, weight: true, bias: true }, activated: output },
      );
      const y = await output.read();
      const dx = await gradients.gradInput!.read();
      const dw = await gradients.gradWeight!.read();
      const db = await gradients.gradBias!.read();
      gpu.destroy();

      const rectified = (at: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
        reference.batchNorm(at, shape, w, b, EPS).data.map((v) => Math.max(v, 0));
      const tolerance = { terms: numel(shape) / channels + 16 };
      const expected = reference.batchNorm(x, shape, weight, bias, EPS);
      expect(y).toMatchReference({ ...expected, data: rectified(x, weight, bias) }, tolerance);
      const loss = (at: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
        dot(rectified(at, w, b), g);
      const grouping = { shape, groupOf: (i: number) => i % channels, eps: EPS };
      const bounds = gradientMagnitudes(x, g, weight, grouping);
      const slopes = {
        input: numericalGradient((at) => loss(at, weight, bias), x),
        weight: numericalGradient((w) => loss(x, w, bias), weight),
        bias: numericalGradient((b) => loss(x, weight, b), bias),
      };
      const match = (actual: Float32Array, name: keyof typeof slopes, of: Shape) =>
        expect(actual).toMatchReference(
          { data: slopes[name], magnitude: bounds[name], shape: of },
          tolerance,
        );
      match(dx, "input", shape);
      match(dw, "weight", vector);
      match(db, "bias", vector);
    },
  );

  test.for(CASES)(
    "a residual is added before the activation: $shape",
    async ({ shape }, { device }) => {
      const gpu = new Gpu(device, { kernels });
      const { x, g, weight, bias, runningMean, runningVar } = operandsOf(shape);
      const vector = shape.slice(-1);
      const shapes = { input: shape, weight: vector, bias: vector };
      const tracked = { runningMean: vector, runningVar: vector };
      const geometry = batchNormGeometry({ ...shapes, ...tracked }, { training: false, eps: EPS });
      const upload = (values: Float32Array<ArrayBuffer>) => gpu.upload(values, vector);
      const running = { mean: upload(runningMean), variance: upload(runningVar) };
      const affine = { weight: upload(weight), bias: upload(bias) };
      const after = { activation: "relu", residual: gpu.upload(g, shape) } as const;
      const input = gpu.upload(x, shape);
      const y = await batchNormEval(gpu, input, running, affine, geometry, after).read();
      gpu.destroy();
      const plain = reference.batchNormEval(x, shape, weight, bias, runningMean, runningVar, EPS);
      const data = plain.data.map((v, i) => Math.max(v + g[i]!, 0));
      const magnitude = plain.magnitude.map((m) => m + 1);
      expect(y).toMatchReference({ data, magnitude, shape }, { terms: 9 });
    },
  );
});
