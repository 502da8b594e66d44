// Gradients on the device against central differences of a float64 reference.
import type { Gpu, Shape } from "@fauxgrad/kernels";
import { numericalGradient, randomFloats } from "@fauxgrad/testing";
import { tensor } from "./factories.ts";
import type { Tensor } from "./tensor.ts";
import { expect } from "./test-gpu.ts";

/** An operation and its reference at one point. */
export interface GradientCase {
  readonly op: (...inputs: Tensor[]) => Tensor;
  /** The output's elements in float64. */
  readonly reference: (...inputs: Float64Array[]) => ArrayLike<number>;
  readonly shapes: readonly Shape[];
  /** Operands instead of random ones in [−1, 1). */
  readonly values?: readonly Float32Array[];
  /** Roundings of one element of the output or of a gradient, at the size of the largest. */
  readonly terms: number;
}

const largest = (values: Float64Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);

/**
 * Compares the output, and the gradient of every operand for a random gradient of the output, with
 * the reference; then, as a control, sees one wrong gradient refused.
 */
export async function checkGradients(gpu: Gpu, check: GradientCase): Promise<void> {
  const { op, reference, shapes, terms } = check;
  const values =
    check.values ??
    shapes.map((shape, i) =>
      randomFloats(
        shape.reduce((a, b) => a * b, 1),
        i + 1,
      ),
    );
  const inputs = values.map((data, i) => tensor(gpu, data, shapes[i]!, { requiresGrad: true }));
  const points = values.map((data) => Float64Array.from(data));
  const data = Float64Array.from(reference(...points));
  using output = op(...inputs);
  const { shape } = output;
  const magnitude = data.map(() => largest(data));
  expect(await output.read()).toMatchReference({ data, magnitude, shape }, { terms });

  const g = randomFloats(data.length, 77);
  using seed = tensor(gpu, g, shape);
  output.backward(seed);
  for (const [i, input] of inputs.entries()) {
    const loss = (at: Float64Array) => {
      const y = reference(...points.with(i, Float64Array.from(at)));
      return g.reduce((sum, weight, k) => sum + weight * y[k]!, 0);
    };
    const gradient = numericalGradient(loss, points[i]!);
    const size = largest(gradient);
    const expected = { data: gradient, magnitude: gradient.map(() => size), shape: input.shape };
    const actual = await input.grad!.read();
    expect(actual).toMatchReference(expected, { terms });
    const wrong = gradient.with(0, gradient[0]! + 1e-3 * size);
    expect(actual).not.toMatchReference({ ...expected, data: wrong }, { terms });
  }
  for (const input of inputs) input.dispose();
}
